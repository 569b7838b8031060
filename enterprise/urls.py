"""The addresses of the customer's door and own pages."""

from __future__ import annotations

from django.urls import path

from approvals import views as approvals
from enterprise import views
from identity.views import bulletin, bulletins, download, draft, end_session

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
    path("draft/", draft, name="draft"),
    path("step-up/", views.step_up, name="step_up"),
    path("first-use/", views.first_use, name="first_use"),
    path("profile/", views.profile, name="profile"),
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
    path("company/sign-in-rules/", views.company_policy, name="company_policy"),
    path(
        "company/sign-in-rules/change/",
        views.propose_company_policy,
        name="propose_company_policy",
    ),
    path(
        "company/sign-in-rules/requests/<str:reference>/",
        views.edit_company_policy,
        name="edit_company_policy",
    ),
    path("password/", views.change_password, name="change_password"),
    path("sign-ins/", views.sessions, name="sessions"),
    path("activate/", views.activate, name="activate"),
    path("people/", approvals.people_help, name="people_help"),
    path("people/<slug:person>/unlock/", approvals.help_unlock, name="help_unlock"),
    path("people/<slug:person>/credentials/", approvals.help_credentials, name="help_credentials"),
    path("people/requests/<slug:reference>/", approvals.help_edit, name="help_edit"),
    path("sign-ins/end/", end_session, name="end_session"),
]
