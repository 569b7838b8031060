"""The addresses of requests; each verb by its own name."""

from __future__ import annotations

from django.urls import path

from approvals import views

app_name = "approvals"
urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("requests/<slug:reference>/", views.request_detail, name="request"),
    path("requests/<slug:reference>/done/", views.confirm, name="confirm"),
    path("requests/<slug:reference>/evidence/", views.evidence, name="evidence"),
    path("requests/<slug:reference>/signatures/<int:number>/", views.signature, name="signature"),
    path("requests/<slug:reference>/prepare/<slug:act>/", views.prepare, name="prepare"),
    path("requests/<slug:reference>/submit/", views.submit, name="submit"),
    path("requests/<slug:reference>/review/", views.review, name="review"),
    path("requests/<slug:reference>/release/", views.release, name="release"),
    path("requests/<slug:reference>/code/", views.send_code, name="send_code"),
    path("requests/<slug:reference>/return/", views.return_, name="return"),
    path("requests/<slug:reference>/reject/", views.reject, name="reject"),
    path("requests/<slug:reference>/withdraw/", views.withdraw, name="withdraw"),
    path("requests/<slug:reference>/delete/", views.delete, name="delete"),
]
