"""Which passwords may be chosen? The bank's rules on what was typed, and one form of it (PWD-1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

from identity.errors import PasswordRefused
from kernel.canonical import has_hidden_characters

PASSWORD_LONGEST = 128
# Accents and the like: they change a letter and are none themselves.
_MARKS = frozenset({"Mn", "Me"})


@dataclass(frozen=True, slots=True)
class PasswordRules:
    """Carry the bank's figures for passwords, and the words everybody guesses (PWD-1).

    `run_length` is how many same or sequential signs in a row are too many, `remembered` how many
    passwords, the present one included, may not come back. No password is one of `common`, and
    none holds one of the bank's own `words`; both are skeletons.
    """

    shortest: int = 8
    shortest_staff: int = 12
    run_length: int = 4
    remembered: int = 3
    common: Collection[str] = frozenset()
    words: Collection[str] = frozenset()

    def least(self, *, is_staff: bool) -> int:
        """Return how many signs a password has at least."""
        return self.shortest_staff if is_staff else self.shortest


def canonical_password(typed: str) -> str:
    """Return the one form of a password that is judged and hashed: Unicode NFKC.

    The same password typed on another keyboard is the same password: full-width forms are their
    half-width ones, a letter with an accent is one sign however it was composed (NIST SP 800-63B
    section 5.1.1.2). Case and every sign are kept.
    """
    return unicodedata.normalize("NFKC", typed)


def skeleton(text: str) -> str:
    """Return a text without width, case and accents, for comparing it with names and words."""
    folded = canonical_password(canonical_password(text).casefold())
    parts = unicodedata.normalize("NFD", folded)
    return unicodedata.normalize("NFC", "".join(sign for sign in parts if not _is_mark(sign)))


def password_fault(
    password: str, *, login_name: str, is_staff: bool, rules: PasswordRules
) -> PasswordRefused | None:
    """Return which rule a new password breaks, or None (PWD-1).

    Full-width letters and digits count as what they are, an accent does not count as a sign, and
    neither does what a sign is spelled out as: neither the typed nor the canonical form is too
    short or has a space.
    Letters and digits are those of any script. Rows of the keyboard are not looked for. What was
    used before is for the caller to know.
    """
    canonical, bare, name = canonical_password(password), skeleton(password), skeleton(login_name)
    signs = min(_signs(password), _signs(canonical))
    broken = {
        PasswordRefused.TOO_LONG: len(canonical) > PASSWORD_LONGEST,
        PasswordRefused.SPACES: _is_spaced(password) or _is_spaced(canonical),
        PasswordRefused.TOO_SHORT: signs < rules.least(is_staff=is_staff),
        PasswordRefused.NOT_MIXED: not _is_mixed(canonical),
        PasswordRefused.REPEATED: _has_run(bare, 0, rules.run_length),
        PasswordRefused.SEQUENTIAL: any(_has_run(bare, by, rules.run_length) for by in (1, -1)),
        PasswordRefused.LOGIN_NAME: bool(name) and (name in bare or name[::-1] in bare),
        PasswordRefused.COMMON: bare in rules.common or any(word in bare for word in rules.words),
    }
    return next((fault for fault, is_broken in broken.items() if is_broken), None)


def broken_facts(rules: PasswordRules, *, is_staff: bool) -> dict[str, int]:
    """Return the figures that the words about a broken rule name."""
    return {
        "shortest": rules.least(is_staff=is_staff),
        "run_length": rules.run_length,
        "remembered": rules.remembered,
    }


def _is_mark(sign: str) -> bool:
    return unicodedata.category(sign) in _MARKS


def _is_spaced(text: str) -> bool:
    """Tell whether anything in it is a space of any width, or cannot be seen at all."""
    return any(sign.isspace() for sign in text) or has_hidden_characters(text)


def _signs(text: str) -> int:
    return sum(not _is_mark(sign) for sign in text)


def _is_mixed(text: str) -> bool:
    return any(sign.isalpha() for sign in text) and any(sign.isdecimal() for sign in text)


def _has_run(text: str, step: int, length: int) -> bool:
    """Tell whether so many signs are the same (0), or letters or digits in sequence (1 or -1)."""
    parts = (text[start : start + length] for start in range(len(text) - length + 1))
    return any(
        (step == 0 or part.isalnum())
        and all(ord(after) - ord(one) == step for one, after in pairwise(part))
        for part in parts
    )
