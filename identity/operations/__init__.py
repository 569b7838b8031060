"""Bring people in, grant, sign in and out. The only writers of identity's rows."""

from identity.operations.codes import (
    CodeOutcome,
    Purpose,
    SentCode,
    send_code_step,
    take_code_step,
    void_codes_step,
)
from identity.operations.drafts import drop_draft, keep_draft, purge_drafts
from identity.operations.passwords import (
    PasswordOutcome,
    change_password,
    check_new_password,
    keep_password_step,
    warn_password,
)
from identity.operations.people import (
    add_person,
    choose_language,
    expect_new_password,
    grant_role,
    home_chain,
    open_unit,
    register_company,
)
from identity.operations.policy import (
    POLICY_TARGET,
    set_company_policy_step,
    set_policy_step,
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
    "POLICY_TARGET",
    "CodeOutcome",
    "PasswordOutcome",
    "Purpose",
    "SentCode",
    "SignInResult",
    "add_person",
    "change_password",
    "check_new_password",
    "choose_language",
    "claim_form",
    "drop_draft",
    "end_sessions",
    "expect_new_password",
    "grant_role",
    "hold_standing",
    "home_chain",
    "keep_draft",
    "keep_password_step",
    "keep_session_data",
    "open_unit",
    "purge_drafts",
    "record_refusal",
    "register_company",
    "send_code_step",
    "set_company_policy_step",
    "set_policy_step",
    "sign_in",
    "sign_out",
    "step_up_step",
    "take_code_step",
    "take_over",
    "touch_session",
    "void_codes_step",
    "warn_password",
]
