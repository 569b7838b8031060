"""The customer's door, own pages, and the company's certificates."""

from enterprise.views.activation import activate
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
from enterprise.views.policy import (
    company_policy,
    edit_company_policy,
    propose_company_policy,
)
from enterprise.views.profile import profile
from enterprise.views.renewing import renew_certificate
from enterprise.views.step_up import step_up

__all__ = [
    "activate",
    "activate_certificate",
    "certificates_page",
    "change_password",
    "company_certificate",
    "company_certificates",
    "company_policy",
    "edit_company_policy",
    "enrol_card",
    "first_use",
    "home",
    "prepare_activation",
    "prepare_certificate_act",
    "profile",
    "propose_company_policy",
    "renew_certificate",
    "report_lost",
    "revoke_certificate",
    "sessions",
    "sign_in",
    "sign_out",
    "stay",
    "step_up",
    "suspend_certificate",
    "take_over",
]
