"""Do the rules of signing in allow it? Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from identity.errors import PasswordRefused
from identity.states import UserState

# Company codes carry a check by weighted digit sums; since 2023 the total may be a multiple of
# five where it had to be one of ten before.
WEIGHTS = (1, 2, 1, 2, 1, 2, 4, 1)


@dataclass(frozen=True, slots=True)
class Home:
    """Name where a person or a request belongs: to a company, or to a unit of the bank."""

    company_id: int | None = None
    unit_id: int | None = None


PASSWORD_SHORTEST, PASSWORD_SHORTEST_STAFF, PASSWORD_LONGEST = 8, 12, 128
# How many passwords, the present one included, may not be chosen again.
PASSWORDS_REMEMBERED = 3
_RUN = 4


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


def password_fault(password: str, *, login_name: str, is_staff: bool) -> PasswordRefused | None:
    """Return which rule a new password breaks, or None (PWD-1).

    What was used before is for the caller to know.
    """
    shortest = PASSWORD_SHORTEST_STAFF if is_staff else PASSWORD_SHORTEST
    folded = password.casefold()
    broken = {
        PasswordRefused.TOO_SHORT: len(password) < shortest,
        PasswordRefused.TOO_LONG: len(password) > PASSWORD_LONGEST,
        PasswordRefused.SPACES: any(sign.isspace() for sign in password),
        PasswordRefused.NOT_MIXED: not _is_mixed(password),
        PasswordRefused.REPEATED: _has_run(folded, 0),
        PasswordRefused.SEQUENTIAL: _has_run(folded, 1) or _has_run(folded, -1),
        PasswordRefused.LOGIN_NAME: login_name.casefold() in folded,
    }
    return next((fault for fault, is_broken in broken.items() if is_broken), None)


def _is_mixed(password: str) -> bool:
    return any(sign.isalpha() for sign in password) and any(sign.isdigit() for sign in password)


def _has_run(text: str, step: int) -> bool:
    """Tell whether four letters or digits follow each other by this step, such as 1234 by 1."""
    return any(
        part.isalnum() and all(ord(after) - ord(one) == step for one, after in pairwise(part))
        for part in (text[start : start + _RUN] for start in range(len(text) - _RUN + 1))
    )


# A person keeps a few passkeys, so that losing one device does not lock them out.
PASSKEYS_MOST = 5
# How long a question put to an authenticator may stay open.
PASSKEY_MINUTES = 5
# How many codes for a first passkey go to one phone in the bank's window for counting tries.
PASSKEY_CODES_MOST = 5


def counter_moves_on(*, stored: int, given: int) -> bool:
    """Tell whether a passkey's counter shows that there is only one of it (AUTH-1).

    Many passkeys do not count at all; whichever has begun to count goes on for ever (Web
    Authentication level 3, section 7.2, step 22).
    """
    return given > stored or (given == 0 and stored == 0)
