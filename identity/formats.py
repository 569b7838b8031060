"""How passwords and session keys become bytes at rest."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher


class PasswordHasher(Argon2PasswordHasher):
    """Hash passwords with Argon2id at the cost the settings name (PWD-3).

    ARGON2_COST is (passes, memory in KiB, lanes); stored hashes carry their own cost, so a
    change reaches each person at their next sign-in.
    """

    time_cost, memory_cost, parallelism = settings.ARGON2_COST


def session_digest(key: str) -> str:
    """Return what is stored of a session's cookie value: its SHA-256 in hexadecimal."""
    return hashlib.sha256(key.encode()).hexdigest()


def form_name(act: str, target: str, key: str) -> str:
    """Return the name a form is remembered by: one act on one thing with one key (TRF-8).

    A key that comes again with another act or target is another form. SHA-256 in hexadecimal.
    """
    return hashlib.sha256("\n".join((act, target, key)).encode()).hexdigest()
