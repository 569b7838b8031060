"""Secrets of sealed password letters: made, printed, read leniently, stored as a keyed hash.

16 Crockford base-32 characters (80 random bits) and a check character (CERT-2). The check
character is a weighted sum over GF(32), so every single wrong character and every exchange of two
characters is noticed; its weights need no symbol outside the alphabet.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata
from typing import Final

from certificates.errors import SecretMistyped
from kernel.ids import CROCKFORD

_LENIENT: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
_BODY_LENGTH: Final = 16
_TYPED_LENGTH_MAXIMUM: Final = 64
_NO_SECRET: Final = "0" * (_BODY_LENGTH + 1)


def new_secret() -> str:
    """Return a fresh secret: 16 characters of 80 random bits and the check character."""
    body = encode_base32(secrets.token_bytes(10))
    return body + _check_character(body)


def format_secret(secret: str) -> str:
    """Return the secret as printed: `XXXX-XXXX-XXXX-XXXX-C`."""
    return "-".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def read_secret(text: str) -> str:
    """Return the 17 characters of a typed secret, or raise SecretMistyped.

    Forgives lower case, full-width forms, spaces, any dash, O for 0, I and L for 1.
    """
    if len(text) > _TYPED_LENGTH_MAXIMUM:
        raise SecretMistyped
    folded = unicodedata.normalize("NFKC", text).upper().translate(_LENIENT)
    secret = "".join(
        character for character in folded if unicodedata.category(character) not in ("Pd", "Zs")
    )
    if len(secret) != _BODY_LENGTH + 1 or any(character not in CROCKFORD for character in secret):
        raise SecretMistyped
    if _check_character(secret[:_BODY_LENGTH]) != secret[_BODY_LENGTH]:
        raise SecretMistyped
    return secret


def hash_secret(secret: str, *, key: bytes, letter_number: str) -> bytes:
    """Return the 32 bytes to store: HMAC-SHA-256 of the secret, bound to its letter."""
    message = f"letter\x00{letter_number}\x00{secret}".encode()
    return hmac.new(key, message, hashlib.sha256).digest()


def secret_matches(text: str, *, key: bytes, letter_number: str, stored: bytes) -> bool:
    """Tell whether what was typed is the letter's secret; mistyped and wrong cost the same work."""
    try:
        secret, readable = read_secret(text), True
    except SecretMistyped:
        secret, readable = _NO_SECRET, False
    computed = hash_secret(secret, key=key, letter_number=letter_number)
    return hmac.compare_digest(computed, stored) and readable


def encode_base32(data: bytes) -> str:
    """Return `data`, whose length is a multiple of 5 bytes, in Crockford base-32."""
    number = int.from_bytes(data, "big")
    bits = len(data) * 8
    return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(bits - 5, -1, -5))


def _check_character(body: str) -> str:
    # Horner's rule: the character at distance d from the end weighs x**d; the check weighs 1.
    total = 0
    for character in body:
        total = _times_x(total ^ CROCKFORD.index(character))
    return CROCKFORD[total]


def _times_x(element: int) -> int:
    # GF(32) with the primitive polynomial x^5 + x^2 + 1.
    doubled = element << 1
    return doubled ^ 0b100101 if doubled & 0b100000 else doubled
