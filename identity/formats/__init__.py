"""How passwords and session keys become bytes at rest."""

from __future__ import annotations

import hashlib
import unicodedata

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.utils.crypto import salted_hmac

from kernel.ids import CROCKFORD

# What Crockford's alphabet leaves out because it looks like something else.
_LOOK_ALIKES = str.maketrans({"O": "0", "I": "1", "L": "1"})


class PasswordHasher(Argon2PasswordHasher):
    """Hash passwords with Argon2id at the cost the settings name (PWD-3).

    ARGON2_COST is (passes, memory in KiB, lanes); stored hashes carry their own cost, so a
    change reaches each person at their next sign-in. What is hashed is the NFKC form of what was
    typed, so that the same password typed on another keyboard is the same (NIST SP 800-63B section
    5.1.1.2).
    """

    time_cost, memory_cost, parallelism = settings.ARGON2_COST

    def encode(self, password: str, salt: str) -> str:
        """Return the hash of a password, of the one form that all its spellings share."""
        return str(super().encode(_one_form(password), salt))

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether a password is the one, in that form or, as hashed long ago, as typed.

        How much work it is follows from what was typed alone, never from what is stored.
        """
        one_form = _one_form(password)
        is_right: bool = super().verify(one_form, encoded)
        if one_form != password:
            is_right = super().verify(password, encoded) or is_right
        return is_right


def _one_form(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def derive_code(*, purpose: str, subject: str, salt: str) -> str:
    """Return the code to be sent: of the subject's own bytes and a salt of 256 random bits.

    Six digits, by the truncation of RFC 4226 section 5.3; for an activation, which lasts longer,
    eight Crockford base-32 characters (AUTH-7, AUTH-9).
    """
    content = "\n".join((purpose, subject))
    mac = salted_hmac(f"identity.code.derived:{salt}", content, algorithm="sha256").digest()
    if purpose == "activation":
        number = int.from_bytes(mac[:5], "big")
        return "".join(CROCKFORD[(number >> shift) & 31] for shift in range(35, -1, -5))
    start = mac[-1] & 0x0F
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def read_code(typed: str) -> str:
    """Return a typed code as it was sent: forgives full-width forms, case, spaces and dashes."""
    folded = unicodedata.normalize("NFKC", typed[:64]).upper()
    return "".join(sign for sign in folded if sign.isalnum()).translate(_LOOK_ALIKES)


def code_hmac(code: str, *, purpose: str, subject: str, user_key: str) -> str:
    """Return what is stored of a code: an HMAC-SHA-256 bound to person, purpose and subject."""
    content = "\n".join((user_key, purpose, subject, code))
    return salted_hmac("identity.code", content, algorithm="sha256").hexdigest()


def address_mark(address: str) -> str:
    """Return what tells one address from another without saying it: 128 bits of an HMAC, in hex."""
    return salted_hmac("identity.code.address", address, algorithm="sha256").hexdigest()[:32]


def session_digest(key: str) -> str:
    """Return what is stored of a session's cookie value: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def form_name(act: str, target: str, key: str) -> str:
    """Return the name a form is remembered by: one act on one thing with one key (TRF-8).

    A key that comes again with another act or target is another form. SHA-256 in hexadecimal.
    """
    return hashlib.sha256("\n".join((act, target, key)).encode()).hexdigest()
