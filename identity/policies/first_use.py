"""What does somebody do before anything else works, in which order, and by which rules? (DEL-3)"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from identity.errors import CodeFault, LoginNameFault

LOGIN_NAME_SHORTEST, LOGIN_NAME_LONGEST = 8, 32
CODE_SHORTEST, CODE_LONGEST = 8, 128
# So many digits of a phone number are enough to know it by; dialling codes may be left out.
_PHONE_DIGITS = 8
_LOGIN_NAME = re.compile(r"[A-Za-z0-9._-]+")
_PHONE = re.compile(r"\+?[0-9]{8,15}")
_MAIL = re.compile(
    r"[A-Za-z0-9._%+-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}"
)
_MAIL_LONGEST = 120


class Step(StrEnum):
    """Name one step of first use; the pages of both sites are named after them."""

    LOGIN_NAME = "login_name"
    PASSWORD = "password"  # noqa: S105 - the name of a step
    AUTHORISATION_CODE = "authorisation_code"
    BASIC_DATA = "basic_data"
    SETTINGS = "settings"
    CARD = "card"
    PASSKEY = "passkey"


class StepState(StrEnum):
    """Say how a page shows a step."""

    DONE = "done"
    CURRENT = "current"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Keys:
    """Carry what a site knows of the keys a person shows or signs with.

    `card_needed`: the role works with a card; `card_held`: a certificate is in use or on hold;
    `passkey_offered`: this site registers passkeys.
    """

    card_needed: bool = False
    card_held: bool = False
    passkey_offered: bool = False


@dataclass(frozen=True, slots=True)
class FirstUseFacts:
    """Carry what is stored about how far somebody has come; nothing of it is the browser's."""

    is_staff: bool
    is_bank_checker: bool
    login_name_chosen: bool
    password_chosen: bool
    code_set: bool
    contacts_verified: bool
    settings_chosen: bool
    has_passkey: bool
    keys: Keys


def steps_for(facts: FirstUseFacts) -> list[Step]:
    """Return the steps of first use for this role, in order (DEL-3, AUTH-4).

    Checkers of the bank also set a supervisor authorisation code. Whoever signs takes a card into
    use; everybody else at the bank registers a passkey, unless they hold a card already.
    """
    steps = [Step.LOGIN_NAME, Step.PASSWORD]
    if facts.is_bank_checker:
        steps.append(Step.AUTHORISATION_CODE)
    steps += [Step.BASIC_DATA, Step.SETTINGS]
    if facts.keys.card_needed:
        steps.append(Step.CARD)
    elif facts.is_staff and facts.keys.passkey_offered and not facts.keys.card_held:
        steps.append(Step.PASSKEY)
    return steps


def plan_of(facts: FirstUseFacts) -> list[tuple[Step, StepState]]:
    """Return every step with its state; the first that is not done is the current one."""
    plan: list[tuple[Step, StepState]] = []
    current = current_step(facts)
    for step in steps_for(facts):
        if step == current:
            plan.append((step, StepState.CURRENT))
        else:
            plan.append((step, StepState.DONE if _is_done(step, facts) else StepState.WAITING))
    return plan


def current_step(facts: FirstUseFacts) -> Step | None:
    """Return the step to be done now, or None where only finishing is left (SES-3)."""
    return next((step for step in steps_for(facts) if not _is_done(step, facts)), None)


def login_name_fault(
    login_name: str, *, present: str, company_code: str, phones: Iterable[str]
) -> LoginNameFault | None:
    """Return which rule a new login name breaks, or None (PWD-2).

    `company_code` is empty for people of the bank. That it is nobody else's, the database holds.
    """
    broken = {
        LoginNameFault.TOO_SHORT: len(login_name) < LOGIN_NAME_SHORTEST,
        LoginNameFault.TOO_LONG: len(login_name) > LOGIN_NAME_LONGEST,
        LoginNameFault.SIGNS: _LOGIN_NAME.fullmatch(login_name) is None,
        LoginNameFault.NOT_MIXED: not _is_mixed(login_name),
        LoginNameFault.COMPANY_CODE: bool(company_code) and company_code in login_name,
        LoginNameFault.PHONE: any(_holds_phone(login_name, phone) for phone in phones),
        LoginNameFault.SAME: login_name.casefold() == present.casefold(),
    }
    return next((fault for fault, is_broken in broken.items() if is_broken), None)


def code_fault(code: str, *, login_name: str) -> CodeFault | None:
    """Return which rule a supervisor authorisation code breaks, or None (DEL-3, DUAL-7)."""
    broken = {
        CodeFault.TOO_SHORT: len(code) < CODE_SHORTEST,
        CodeFault.TOO_LONG: len(code) > CODE_LONGEST,
        CodeFault.SPACES: any(sign.isspace() for sign in code),
        CodeFault.ONE_SIGN: len(set(code)) < 3,
        CodeFault.LOGIN_NAME: login_name.casefold() in code.casefold(),
    }
    return next((fault for fault, is_broken in broken.items() if is_broken), None)


def is_address(channel: str, address: str) -> bool:
    """Tell whether a text can be a mail address, or for any other channel a phone number."""
    if channel == "email":
        return len(address) <= _MAIL_LONGEST and _MAIL.fullmatch(address) is not None
    return _PHONE.fullmatch(address) is not None


def _is_done(step: Step, facts: FirstUseFacts) -> bool:
    return {
        Step.LOGIN_NAME: facts.login_name_chosen,
        Step.PASSWORD: facts.password_chosen,
        Step.AUTHORISATION_CODE: facts.code_set,
        Step.BASIC_DATA: facts.contacts_verified,
        Step.SETTINGS: facts.settings_chosen,
        Step.CARD: facts.keys.card_held,
        Step.PASSKEY: facts.has_passkey,
    }[step]


def _is_mixed(text: str) -> bool:
    return any(sign.isalpha() for sign in text) and any(sign.isdigit() for sign in text)


def _holds_phone(text: str, phone: str) -> bool:
    digits = re.sub(r"\D", "", phone)[-_PHONE_DIGITS:]
    return len(digits) == _PHONE_DIGITS and digits in re.sub(r"\D", "", text)
