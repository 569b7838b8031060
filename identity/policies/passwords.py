"""Which passwords may be chosen? Pure functions (PWD-1)."""

from __future__ import annotations

from itertools import pairwise

from identity.errors import PasswordRefused

PASSWORD_SHORTEST, PASSWORD_SHORTEST_STAFF, PASSWORD_LONGEST = 8, 12, 128
# How many passwords, the present one included, may not be chosen again.
PASSWORDS_REMEMBERED = 3
_RUN = 4


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
