"""The customer's door, own pages, and the company's certificates."""

from enterprise.views.cards import certificates_page, enrol_card
from enterprise.views.company import (
    company_certificate,
    company_certificates,
    prepare_certificate_act,
    revoke_certificate,
    suspend_certificate,
)
from enterprise.views.first_use import first_use
from enterprise.views.lifting import activate_certificate, prepare_activation
from enterprise.views.losing import report_lost
from enterprise.views.pages import (
    home,
    sessions,
    sign_in,
    sign_out,
    stay,
    take_over,
)
from enterprise.views.password import change_password
from enterprise.views.profile import profile
from enterprise.views.renewing import renew_certificate

__all__ = [
    "activate_certificate",
    "certificates_page",
    "change_password",
    "company_certificate",
    "company_certificates",
    "enrol_card",
    "first_use",
    "home",
    "prepare_activation",
    "prepare_certificate_act",
    "profile",
    "renew_certificate",
    "report_lost",
    "revoke_certificate",
    "sessions",
    "sign_in",
    "sign_out",
    "stay",
    "suspend_certificate",
    "take_over",
]
