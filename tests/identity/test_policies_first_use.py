"""Which steps first use has for whom, and which login names and codes may be chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from identity.errors import CodeFault, LoginNameFault
from identity.policies import (
    FirstUseFacts,
    Keys,
    Step,
    StepState,
    code_fault,
    current_step,
    is_address,
    login_name_fault,
    plan_of,
    steps_for,
)
from tests.factories.newcomers import CHECKER, CUSTOMER, OFFICER, SIGNER

NOTHING = FirstUseFacts(
    is_staff=False, is_bank_checker=False, login_name_chosen=False, password_chosen=False,
    code_set=False, contacts_verified=False, settings_chosen=False, has_passkey=False, keys=Keys(),
)  # fmt: skip
SIGNS, AT_BANK = Keys(card_needed=True), Keys(passkey_offered=True)
ROLES = {
    "a maker of a company": (NOTHING, CUSTOMER),
    "a signer of a company": (replace(NOTHING, keys=SIGNS), SIGNER),
    "a maker of the bank": (replace(NOTHING, is_staff=True, keys=AT_BANK), OFFICER),
    "a maker of the bank with a card": (
        replace(NOTHING, is_staff=True, keys=replace(AT_BANK, card_held=True)),
        CUSTOMER,
    ),
    "a checker of the bank": (
        replace(NOTHING, is_staff=True, is_bank_checker=True, keys=SIGNS),
        CHECKER,
    ),
}
DONE_BY = {
    Step.LOGIN_NAME: {"login_name_chosen": True},
    Step.PASSWORD: {"password_chosen": True},
    Step.AUTHORISATION_CODE: {"code_set": True},
    Step.BASIC_DATA: {"contacts_verified": True},
    Step.SETTINGS: {"settings_chosen": True},
    Step.PASSKEY: {"has_passkey": True},
}


def after(facts: FirstUseFacts, step: Step) -> FirstUseFacts:
    """Return what is stored once a step is done."""
    if step == Step.CARD:
        return replace(facts, keys=replace(facts.keys, card_held=True))
    return replace(facts, **DONE_BY[step])


@pytest.mark.req("DEL-3", "AUTH-4")
@pytest.mark.parametrize("role", ROLES)
def test_each_role_has_its_own_steps_one_after_another(role: str) -> None:
    facts, steps = ROLES[role]
    assert steps_for(facts) == steps
    for place, step in enumerate(steps):
        assert current_step(facts) == step
        states = [StepState.DONE] * place + [StepState.CURRENT]
        states += [StepState.WAITING] * (len(steps) - place - 1)
        assert plan_of(facts) == list(zip(steps, states, strict=True))
        facts = after(facts, step)
    assert current_step(facts) is None
    assert {state for _step, state in plan_of(facts)} == {StepState.DONE}


@pytest.mark.req("SES-3")
@pytest.mark.parametrize("role", ROLES)
def test_what_is_done_out_of_turn_never_leads_past_a_step(role: str) -> None:
    facts, steps = ROLES[role]
    for missing in steps:
        found = facts
        for step in steps:
            found = found if step == missing else after(found, step)
        assert current_step(found) == missing


PHONE = "+886912345678"


@pytest.mark.req("PWD-2")
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("maker2026", None),
        ("Ada.Lovelace_1", None),
        ("abcdefghijklmnopqrstuvwxyz-45-67", None),
        ("maker26", LoginNameFault.TOO_SHORT),
        ("", LoginNameFault.TOO_SHORT),
        ("abcdefghijklmnopqrstuvwxyz-45-678", LoginNameFault.TOO_LONG),
        ("onlyletters", LoginNameFault.NOT_MIXED),
        ("1234567890", LoginNameFault.NOT_MIXED),
        ("maker 2026", LoginNameFault.SIGNS),
        ("maker\uff12\uff10\uff12\uff16", LoginNameFault.SIGNS),
        ("經辦人員甲乙2026", LoginNameFault.SIGNS),
        ("maker2026\n", LoginNameFault.SIGNS),
        ("maker\x002026", LoginNameFault.SIGNS),
        ("m22099131", LoginNameFault.COMPANY_CODE),
        ("a0912345678", LoginNameFault.PHONE),
        ("a912.345.678", LoginNameFault.PHONE),
        ("present01", LoginNameFault.SAME),
        ("PRESENT01", LoginNameFault.SAME),
    ],
)
def test_login_names_by_the_rules(name: str, fault: LoginNameFault | None) -> None:
    found = login_name_fault(name, present="present01", company_code="22099131", phones=[PHONE])
    assert found == fault


@pytest.mark.req("PWD-2")
def test_people_of_the_bank_have_no_company_code() -> None:
    assert login_name_fault("m22099131", present="x", company_code="", phones=[""]) is None


@pytest.mark.req("DUAL-7", "DEL-3")
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("Bridge#2071", None),
        ("12345679", None),
        ("Bridge7", CodeFault.TOO_SHORT),
        ("B" * 129, CodeFault.TOO_LONG),
        ("Bridge 2071", CodeFault.SPACES),
        ("Bridge\u30002071", CodeFault.SPACES),
        ("12121212", CodeFault.ONE_SIGN),
        ("my-CHECKER01-code", CodeFault.LOGIN_NAME),
    ],
)
def test_authorisation_codes_by_the_rules(code: str, fault: CodeFault | None) -> None:
    assert code_fault(code, login_name="checker01") == fault


@pytest.mark.req("DEL-3")
@pytest.mark.parametrize(
    ("channel", "address", "is_one"),
    [
        ("sms", "0912345678", True),
        ("sms", "+886912345678", True),
        ("sms", "09123", False),
        ("sms", "0912345678x", False),
        ("sms", "0912345678\n", False),
        ("sms", "\uff10912345678", False),
        ("sms", "someone@company.example", False),
        ("email", "some.one@company.example", True),
        ("email", "someone@localhost", False),
        ("email", "someone@company.example\nBcc: x@y.example", False),
        ("email", "a" * 60 + "@" + "b" * 60 + ".example", False),
        ("email", "0912345678", False),
    ],
)
def test_what_can_be_an_address(channel: str, address: str, is_one: bool) -> None:
    assert is_address(channel, address) is is_one
