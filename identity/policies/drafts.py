"""Which forms' addresses and fields may be kept at all (SES-1)?"""

from __future__ import annotations

from typing import Final

LONGEST_PATH: Final = 200
# The page's script leaves these out; whatever else sends a draft does not get them kept either.
_NEVER_KEPT: Final = frozenset(
    {
        "again", "csrfmiddlewaretoken", "idempotency_key", "keypad_codes", "new", "old",
        "sign_request", "signature", "signing_time", "ticket",
    }
)  # fmt: skip
_SECRETS: Final = ("code", "pin", "secret", "password", "letter_number", "_again")


def is_draft_path(path: str) -> bool:
    """Tell whether this is a form's address that the database can be asked about."""
    if not path.startswith("/") or len(path) > LONGEST_PATH or "\x00" in path:
        return False
    try:
        path.encode()
    except UnicodeEncodeError:  # half of a character
        return False
    return True


def may_be_kept(name: str) -> bool:
    """Tell whether a field's value may be kept: no password, no code, nothing of one page alone.

    A page with several forms puts a word and a hyphen before the names of their fields.
    """
    bare = name.rpartition("-")[2].lower()
    return bare not in _NEVER_KEPT and not bare.endswith(_SECRETS)
