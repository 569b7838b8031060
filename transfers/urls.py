"""The addresses of transfers and accounts."""

from __future__ import annotations

from django.urls import path

from transfers import views

app_name = "transfers"
urlpatterns = [
    path("transfers/", views.orders, name="orders"),
    path("transfers/new/", views.new, name="new"),
    path("transfers/<slug:reference>/edit/", views.edit, name="edit"),
    path("transfers/<slug:reference>/check/", views.check, name="check"),
    path("accounts/", views.accounts, name="accounts"),
    path("accounts/<slug:number>/", views.account, name="account"),
]
