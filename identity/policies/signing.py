"""Do the rules of signing in allow it? Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from identity.states import UserState

# Company codes carry a check by weighted digit sums; since 2023 the total may be a multiple of
# five where it had to be one of ten before.
WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)


@dataclass(frozen=True, slots=True)
class Home:
    """Name where a person or a request belongs: to a company, or to a unit of the bank."""

    company_id: int | None = None
    unit_id: int | None = None


class Factor(StrEnum):
    """Say how the person of a session has shown who they are (AUTH-5)."""

    PASSWORD = "password"  # noqa: S105 - the name of a factor
    CARD = "card"
    PASSKEY = "passkey"


# What the bank takes for more than a password; a passkey belongs to people of the bank alone.
STRONG_FACTORS = frozenset({Factor.CARD, Factor.PASSKEY})


class SignInOutcome(StrEnum):
    SIGNED_IN = "signed in"
    REFUSED = "refused"
    ELSEWHERE = "elsewhere"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True)
class SignInFacts:
    """Carry what the order of checks looks at (AUTH-1)."""

    known: bool
    password_right: bool
    live_elsewhere: bool
    user_state: UserState
    home_in_force: bool


def judge_sign_in(facts: SignInFacts) -> SignInOutcome:
    """Apply the checks in order: login, password, duplicate sign-in, lock state (AUTH-1).

    Another session and a pause are told only after a right password; every other failure reads
    the same. The other session is ended only when all checks pass.
    """
    if not facts.known or not facts.password_right:
        return SignInOutcome.REFUSED
    if facts.live_elsewhere:
        return SignInOutcome.ELSEWHERE
    if facts.user_state == UserState.PAUSED:
        return SignInOutcome.PAUSED
    if facts.user_state != UserState.ACTIVE or not facts.home_in_force:
        return SignInOutcome.REFUSED
    return SignInOutcome.SIGNED_IN


def session_live(
    *, seen_at: datetime, expires_at: datetime, idle_minutes: int, ended: bool, now: datetime
) -> bool:
    """Tell whether a session stands: not ended, not idle too long, not past its end (SES-1)."""
    return not ended and now < expires_at and now - seen_at < timedelta(minutes=idle_minutes)


def valid_company_code(code: str) -> bool:
    """Tell whether eight digits are a 統編 by the rule in force since 2023 (ENT-1)."""
    if len(code) != 8 or not (code.isascii() and code.isdigit()):
        return False
    products = [int(digit) * weight for digit, weight in zip(code, WEIGHTS, strict=True)]
    total = sum(product // 10 + product % 10 for product in products)
    return total % 5 == 0 or (code[6] == "7" and (total + 1) % 5 == 0)
