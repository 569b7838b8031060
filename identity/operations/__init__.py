"""Bring people in, grant, sign in and out. The only writers of identity's rows."""

from identity.operations.authorisation import (
    AuthorisationOutcome,
    check_authorisation_code_step,
    set_authorisation_code,
)
from identity.operations.codes import (
    CodeOutcome,
    Purpose,
    SentCode,
    mask_address,
    send_code_step,
    take_code_step,
    void_codes_step,
)
from identity.operations.contacts import send_contact_code, take_contact_code, want_contact
from identity.operations.first_use import (
    FirstPassword,
    choose_first_password,
    choose_login_name,
    choose_settings,
    finish_first_use,
)
from identity.operations.passwords import PasswordOutcome, change_password
from identity.operations.people import (
    add_person,
    choose_language,
    expect_new_password,
    grant_role,
    home_chain,
    open_unit,
    register_company,
)
from identity.operations.sessions import (
    SignInResult,
    end_sessions,
    keep_session_data,
    sign_in,
    sign_out,
    step_up_step,
    take_over,
    touch_session,
)
from identity.operations.standing import claim_form, hold_standing, record_refusal

__all__ = [
    "AuthorisationOutcome",
    "CodeOutcome",
    "FirstPassword",
    "PasswordOutcome",
    "Purpose",
    "SentCode",
    "SignInResult",
    "add_person",
    "change_password",
    "check_authorisation_code_step",
    "choose_first_password",
    "choose_language",
    "choose_login_name",
    "choose_settings",
    "claim_form",
    "end_sessions",
    "expect_new_password",
    "finish_first_use",
    "grant_role",
    "hold_standing",
    "home_chain",
    "keep_session_data",
    "mask_address",
    "open_unit",
    "record_refusal",
    "register_company",
    "send_code_step",
    "send_contact_code",
    "set_authorisation_code",
    "sign_in",
    "sign_out",
    "step_up_step",
    "take_code_step",
    "take_contact_code",
    "take_over",
    "touch_session",
    "void_codes_step",
    "want_contact",
]
