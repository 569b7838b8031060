"""The bank's figures of signing in for the length of a story, and tries at its door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import override_settings

from identity.models import SignInPolicy
from identity.operations import SignInResult, sign_in
from tests.factories.world import FIRST, PASSWORD, World

# Nobody listens there.
DEAD_MEMORY = "redis://127.0.0.1:9/0"
# As much as the bank may allow for one account.
PLENTY = 200


@contextmanager
def figures(**changes: Any) -> Iterator[None]:
    """Let the bank's policy say this; afterwards it says what it said before.

    The row outlives stories that commit, so it is put back.
    """
    before = SignInPolicy.objects.values(*changes).get(pk=1)
    SignInPolicy.objects.filter(pk=1).update(**changes)
    try:
        yield
    finally:
        SignInPolicy.objects.filter(pk=1).update(**before)


@contextmanager
def dead_memory() -> Iterator[None]:
    """Let the servers' shared memory not answer."""
    with override_settings(REDIS_URL=DEAD_MEMORY):
        assert settings.REDIS_URL == DEAD_MEMORY
        yield


def attempt(world: World, **changes: Any) -> SignInResult:
    """Try the customers' door as the first company's maker, unless told otherwise."""
    facts: dict[str, Any] = {
        "site": "enterprise", "company_code": FIRST.code, "login_name": "maker01",
        "password": PASSWORD, "address": "203.0.113.5",
        "agent": "Browser/1", "now": world.now,
    }  # fmt: skip
    return sign_in(**facts | changes)
