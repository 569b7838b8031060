"""Random names: tokens for single use, and text that people can read aloud."""

from __future__ import annotations

import hashlib
import secrets

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def token(octets: int = 32) -> str:
    """Return URL-safe random text carrying `octets` bytes of randomness."""
    return secrets.token_urlsafe(octets)


def readable(characters: int) -> str:
    """Return random Crockford base-32 text of this many characters (five bits each)."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(characters))


def scatter(sequence: int, *, digits: int = 8) -> str:
    """Return a unique decimal text for a sequence number that does not show how many came before.

    The mapping is a bijection modulo 10**digits: the multiplier shares no factor with ten.
    """
    modulus = 10**digits
    return f"{(sequence * 48_271_901 + 7_919) % modulus:0{digits}d}"


def digest(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes in lower-case hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()
