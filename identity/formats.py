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
