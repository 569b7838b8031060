"""Bring people in, grant, sign in and out. The only writers of identity's rows."""

from identity.operations.codes import (
    CodeOutcome,
    Purpose,
    SentCode,
    send_code_step,
    take_code_step,
    void_codes_step,
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
    end_idle,
    end_own_sessions,
    end_sessions,
    keep_session_data,
    sign_out,
    step_up_step,
    touch_session,
)
from identity.operations.signing_in import SignInResult, sign_in, take_over
from identity.operations.standing import claim_form, hold_standing, record_refusal

__all__ = [
    "CodeOutcome",
    "PasswordOutcome",
    "Purpose",
    "SentCode",
    "SignInResult",
    "add_person",
    "change_password",
    "choose_language",
    "claim_form",
    "end_idle",
    "end_own_sessions",
    "end_sessions",
    "expect_new_password",
    "grant_role",
    "hold_standing",
    "home_chain",
    "keep_session_data",
    "open_unit",
    "record_refusal",
    "register_company",
    "send_code_step",
    "sign_in",
    "sign_out",
    "step_up_step",
    "take_code_step",
    "take_over",
    "touch_session",
    "void_codes_step",
]
