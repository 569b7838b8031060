"""Text that a person can be asked to sign: what is seen is all there is."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from certificates.errors import StatementReason, StatementRefused

# Control, format (bidi marks, zero-width, tags), surrogate, private use, unassigned, line breaks.
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Letters and marks that show nothing although their category does not say so (UAX 44).
_INVISIBLE: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_LOOK_ALIKE_ALPHABETS: Final = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC")
_WORD: Final = re.compile(r"[^\W\d_]+")


def check_text(text: str) -> str:
    """Return `text` in Unicode NFC, or raise StatementRefused (SIGN-1).

    Refused are characters that are invisible, turn the direction of writing or look different
    from font to font, and words that mix alphabets whose letters look alike (Latin and Cyrillic).
    """
    normal = unicodedata.normalize("NFC", text)
    if normal.isascii():
        if not normal.isprintable():
            raise _unsafe(next(sign for sign in normal if not sign.isprintable()))
        return normal
    for sign in normal:
        if sign in _INVISIBLE or unicodedata.category(sign) in _UNSAFE_CATEGORIES:
            raise _unsafe(sign)
    for word in _WORD.findall(normal):
        if len({alphabet for sign in word if (alphabet := _alphabet(sign))}) > 1:
            raise StatementRefused(StatementReason.MIXED_SCRIPTS, word=word)
    return normal


def _unsafe(sign: str) -> StatementRefused:
    return StatementRefused(StatementReason.UNSAFE_CHARACTER, character=f"U+{ord(sign):04X}")


def _alphabet(sign: str) -> str:
    name = unicodedata.name(sign, "").split(" ", 1)[0]
    return name if name in _LOOK_ALIKE_ALPHABETS else ""
