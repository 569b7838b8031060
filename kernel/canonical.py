"""One spelling for each value: JSON by RFC 8785, text in NFC without control characters."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import rfc8785

from kernel.errors import RuleBroken, translatable as _

# Control, format (bidirectional marks, zero width, tags), surrogate, private use, unassigned,
# line and paragraph breaks.
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that show nothing although their category does not say so.
INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def canonical_bytes(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the RFC 8785 bytes of a JSON value; numbers must be whole."""
    return rfc8785.dumps(value)


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of these bytes in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def has_hidden_characters(text: str) -> bool:
    """Tell whether a text holds characters that could make it read otherwise than it is."""
    return any(
        character in INVISIBLE or unicodedata.category(character) in HIDDEN_CATEGORIES
        for character in text
    )


def plain_text(text: str, *, field: str = "") -> str:
    """Return a text in Unicode NFC, refusing bidirectional and control characters (signing.md).

    Raises RuleBroken `text.hidden_characters` beside the form field named.
    """
    if has_hidden_characters(text):
        raise RuleBroken(
            "text.hidden_characters",
            _("The text holds characters that cannot be seen."),
            field=field,
        )
    return unicodedata.normalize("NFC", text)
