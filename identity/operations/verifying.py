"""Check passwords where it keeps nobody else waiting: outside transactions, a few at a time.

A hash is slow on purpose and takes much memory. It is computed while this thread holds no
connection of the pool and no lock, so that a hundred people at the door starve no release (PWD-3).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.hashers import (
    check_password,
    get_hasher,
    identify_hasher,
    is_password_usable,
    make_password,
)
from django.db import connection

from identity.errors import DoorCrowded
from kernel import ids

# How long somebody waits for their turn before they are asked to try again.
PATIENCE_SECONDS = 3.0


def password_fits(password: str, encoded: str) -> bool:
    """Tell whether a password is the one whose hash is stored.

    Costs one hash whatever is stored: an empty text (nobody has this name) and a password that
    nobody can give cost as much as a wrong one (AUTH-1). Raises DoorCrowded where too many
    passwords are being checked already.
    """
    decoy = _decoy()
    real = bool(encoded) and is_password_usable(encoded)
    with hashing_turn():
        return check_password(password, encoded if real else decoy) and real


def renewed_hash(password: str, encoded: str) -> str:
    """Return the hash of a right password at today's cost, or empty text where it is of that cost.

    Raises DoorCrowded.
    """
    preferred = get_hasher()
    known = identify_hasher(encoded).algorithm == preferred.algorithm
    if known and not preferred.must_update(encoded):
        return ""
    with hashing_turn():
        return make_password(password)


class _Turns(NamedTuple):
    """Bound how many people are at the door of this process, and how many of them hash."""

    inside: BoundedSemaphore
    hashing: BoundedSemaphore


@contextmanager
def hashing_turn() -> Iterator[None]:
    """Hold one of this process's turns at hashing without a connection.

    At most settings.SIGN_IN_HASHES are hashed at a time, and SIGN_IN_WAITING wait: threads that
    wait here do nothing else, so others have to be left for everything else. Raises DoorCrowded
    where more come, and after three seconds of waiting.
    """
    let_connection_go()
    turns = _turns(settings.SIGN_IN_HASHES, settings.SIGN_IN_WAITING)
    if not turns.inside.acquire(blocking=False):
        raise DoorCrowded()
    try:
        if not turns.hashing.acquire(timeout=PATIENCE_SECONDS):
            raise DoorCrowded()
        try:
            yield
        finally:
            turns.hashing.release()
    finally:
        turns.inside.release()


def let_connection_go() -> None:
    """Give this thread's connection back to the pool, unless a transaction holds it."""
    if not connection.in_atomic_block:
        connection.close()


@cache
def _turns(hashes: int, waiting: int) -> _Turns:
    return _Turns(BoundedSemaphore(hashes + waiting), BoundedSemaphore(hashes))


@cache
def _decoy() -> str:
    """Return a hash that no password fits, so that unknown names cost as much."""
    return make_password(ids.token())
