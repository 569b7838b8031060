"""One spelling for each value: JSON by RFC 8785, text in NFC without control characters."""

from __future__ import annotations

import hashlib
import unicodedata
from typing import Any

import rfc8785

from kernel.errors import RuleBroken, translatable as _

BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad")


def canonical_bytes(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the RFC 8785 bytes of a JSON value; numbers must be whole."""
    return rfc8785.dumps(value)


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of these bytes in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def has_hidden_characters(text: str) -> bool:
    """Tell whether a text holds characters that could make it read otherwise than it is."""
    return any(
        character in BIDI or character in INVISIBLE or unicodedata.category(character) == "Cc"
        for character in text
    )


def plain_text(text: str) -> str:
    """Return a text in Unicode NFC, refusing bidirectional and control characters (signing.md).

    Raises RuleBroken `text.hidden_characters`.
    """
    if has_hidden_characters(text):
        raise RuleBroken(
            "text.hidden_characters", _("The text holds characters that cannot be seen.")
        )
    return unicodedata.normalize("NFC", text)
