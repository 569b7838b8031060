"""The addresses of the customer's door and own pages."""

from __future__ import annotations

from django.urls import path

from enterprise import views
from identity.views import bulletin, bulletins, download

app_name = "enterprise"
urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/elsewhere/", views.take_over, name="take_over"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("bulletin/", bulletins, {"template": "enterprise/bulletins.html"}, name="bulletins"),
    path(
        "bulletin/<int:number>/",
        bulletin,
        {"template": "enterprise/bulletin.html"},
        name="bulletin",
    ),
    path("downloads/<slug:sha256>/", download, name="download"),
    path("stay/", views.stay, name="stay"),
    path("certificates/", views.certificates_page, name="certificates"),
    path("certificates/card/", views.enrol_card, name="enrol_card"),
    path("certificates/renew/", views.renew_certificate, name="renew_certificate"),
    path("certificates/lift/", views.activate_certificate, name="activate_certificate"),
    path("certificates/lift/prepare/", views.prepare_activation, name="prepare_activation"),
    path("certificates/lost/", views.report_lost, name="report_lost"),
    path("certificates/company/", views.company_certificates, name="company_certificates"),
    path(
        "certificates/company/<str:serial>/", views.company_certificate, name="company_certificate"
    ),
    path(
        "certificates/company/<str:serial>/prepare/<str:act>/",
        views.prepare_certificate_act,
        name="prepare_certificate_act",
    ),
    path(
        "certificates/company/<str:serial>/suspend/",
        views.suspend_certificate,
        name="suspend_certificate",
    ),
    path(
        "certificates/company/<str:serial>/revoke/",
        views.revoke_certificate,
        name="revoke_certificate",
    ),
    path("password/", views.change_password, name="change_password"),
    path("sign-ins/", views.sessions, name="sessions"),
]
