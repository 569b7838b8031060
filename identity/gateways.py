"""The shared short memory of all servers: counters that run out, values that are taken once.

It is never the truth of anything: it bounds how often something is tried, and holds what lives for
two minutes. Without it nobody signs in; who is in stays in (AUTH-10).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

import redis
from django.conf import settings

from identity.errors import DoorShut

_TIMEOUT_SECONDS = 2.0
_PREFIX = "corpbank:door:"


class ShortMemory(Protocol):
    """Count and keep for a short time, the same for every server."""

    def hit(self, key: str, *, seconds: int) -> int:
        """Count one more and return how many there were in the window that the first one began."""

    def put(self, key: str, value: str, *, seconds: int) -> None:
        """Keep a value under a key for so long."""

    def take(self, key: str) -> str | None:
        """Return the value and forget it: of two who ask at once, one gets it."""


class ValkeyMemory:
    """Keep it in Valkey. Raises DoorShut where Valkey does not answer."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS
        )

    def hit(self, key: str, *, seconds: int) -> int:
        """Count one more; the window begins with the first."""
        try:
            pipeline = self._client.pipeline(transaction=True)
            pipeline.incr(_PREFIX + key)
            pipeline.expire(_PREFIX + key, seconds, nx=True)
            return int(pipeline.execute()[0])
        except redis.RedisError as error:
            raise DoorShut from error

    def put(self, key: str, value: str, *, seconds: int) -> None:
        """Keep a value for so long."""
        try:
            self._client.set(_PREFIX + key, value, ex=seconds)
        except redis.RedisError as error:
            raise DoorShut from error

    def take(self, key: str) -> str | None:
        """Return the value and forget it."""
        try:
            value = self._client.getdel(_PREFIX + key)
        except redis.RedisError as error:
            raise DoorShut from error
        return value.decode() if isinstance(value, bytes) else None


def short_memory() -> ShortMemory:
    """Return the memory all servers share (settings.REDIS_URL)."""
    return _memory(settings.REDIS_URL)


@lru_cache(maxsize=4)
def _memory(url: str) -> ShortMemory:
    return ValkeyMemory(url)
