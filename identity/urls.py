"""The addresses of keypad and number, the same on both sites."""

from __future__ import annotations

from django.urls import path

from identity import views

app_name = "entry"
urlpatterns = [
    path("choice/", views.choose, name="choose"),
    path("keypad/", views.deal_keypad, name="keypad"),
    path("number/<slug:number_id>/", views.number, name="number"),
    path("number/<slug:number_id>/words/", views.number_in_words, name="number_in_words"),
]
