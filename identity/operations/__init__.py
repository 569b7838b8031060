"""Bring people in, grant, sign in and out. The only writers of identity's rows."""

from identity.operations.codes import (
    CodeOutcome,
    Purpose,
    SentCode,
    send_code_step,
    take_code_step,
    void_codes_step,
)
from identity.operations.keypad import (
    Deal,
    Key,
    deal as deal_keypad,
    read as read_keypad,
    refuse_entry,
)
from identity.operations.number import check_number, draw_number, tell_number
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
    "CodeOutcome",
    "Deal",
    "Key",
    "PasswordOutcome",
    "Purpose",
    "SentCode",
    "SignInResult",
    "add_person",
    "change_password",
    "check_number",
    "choose_language",
    "claim_form",
    "deal_keypad",
    "draw_number",
    "end_sessions",
    "expect_new_password",
    "grant_role",
    "hold_standing",
    "home_chain",
    "keep_session_data",
    "open_unit",
    "read_keypad",
    "record_refusal",
    "refuse_entry",
    "register_company",
    "send_code_step",
    "sign_in",
    "sign_out",
    "step_up_step",
    "take_code_step",
    "take_over",
    "tell_number",
    "touch_session",
    "void_codes_step",
]
