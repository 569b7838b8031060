"""Bring people in, grant, sign in and out. The only writers of identity's rows."""

from identity.operations.activation import ActivationOutcome, activate, count_activation
from identity.operations.codes import (
    CodeOutcome,
    Purpose,
    SentCode,
    code_address,
    send_code_step,
    take_code_step,
    void_codes_step,
)
from identity.operations.drafts import drop_draft, keep_draft, purge_drafts
from identity.operations.keypad import (
    Deal,
    Key,
    deal as deal_keypad,
    read as read_keypad,
    refuse_entry,
)
from identity.operations.number import check_number, draw_number, tell_number
from identity.operations.passwords import (
    PasswordOutcome,
    change_password,
    check_new_password,
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
from identity.operations.recovery import renew_credentials_step, unlock_step
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
    "POLICY_TARGET",
    "ActivationOutcome",
    "CodeOutcome",
    "Deal",
    "Key",
    "PasswordOutcome",
    "Purpose",
    "SentCode",
    "SignInResult",
    "activate",
    "add_person",
    "change_password",
    "check_new_password",
    "check_number",
    "choose_language",
    "claim_form",
    "code_address",
    "count_activation",
    "deal_keypad",
    "draw_number",
    "drop_draft",
    "end_idle",
    "end_own_sessions",
    "end_sessions",
    "expect_new_password",
    "grant_role",
    "hold_standing",
    "home_chain",
    "keep_draft",
    "keep_session_data",
    "open_unit",
    "purge_drafts",
    "read_keypad",
    "record_refusal",
    "refuse_entry",
    "register_company",
    "renew_credentials_step",
    "send_code_step",
    "set_company_policy_step",
    "set_policy_step",
    "sign_in",
    "sign_out",
    "step_up_step",
    "take_code_step",
    "take_over",
    "tell_number",
    "touch_session",
    "unlock_step",
    "void_codes_step",
    "warn_password",
]
