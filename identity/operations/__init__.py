"""Bring people in, grant, sign in and out. The only writers of identity's rows."""

from identity.operations.activation import ActivationOutcome, activate, count_activation
from identity.operations.authorisation import (
    AuthorisationOutcome,
    check_authorisation_code_step,
    set_authorisation_code,
)
from identity.operations.codes import (
    CodeOutcome,
    Purpose,
    SentCode,
    code_address,
    mask_address,
    send_code_step,
    take_code_step,
    void_codes_step,
)
from identity.operations.contacts import send_contact_code, take_contact_code, want_contact
from identity.operations.drafts import drop_draft, keep_draft, purge_drafts
from identity.operations.first_use import (
    FirstPassword,
    choose_first_password,
    choose_login_name,
    choose_settings,
    finish_first_use,
)
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
    "AuthorisationOutcome",
    "CodeOutcome",
    "Deal",
    "FirstPassword",
    "Key",
    "PasswordOutcome",
    "Purpose",
    "SentCode",
    "SignInResult",
    "activate",
    "add_person",
    "change_password",
    "check_authorisation_code_step",
    "check_new_password",
    "check_number",
    "choose_first_password",
    "choose_language",
    "choose_login_name",
    "choose_settings",
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
    "finish_first_use",
    "grant_role",
    "hold_standing",
    "home_chain",
    "keep_draft",
    "keep_session_data",
    "mask_address",
    "open_unit",
    "purge_drafts",
    "read_keypad",
    "record_refusal",
    "refuse_entry",
    "register_company",
    "renew_credentials_step",
    "send_code_step",
    "send_contact_code",
    "set_authorisation_code",
    "set_company_policy_step",
    "set_policy_step",
    "sign_in",
    "sign_out",
    "step_up_step",
    "take_code_step",
    "take_contact_code",
    "take_over",
    "tell_number",
    "touch_session",
    "unlock_step",
    "void_codes_step",
    "want_contact",
    "warn_password",
]
