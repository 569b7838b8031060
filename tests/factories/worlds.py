"""The bank of a test as fixtures: founded once for a whole run, brought back for each test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from identity.models import Company
from kernel import clock
from tests.factories.snapshots import Snapshot, restore, take
from tests.factories.world import World, make_world
from tests.servers import Servers, empty_tables

SIGNERS = ("review1a", "review1b", "review2a", "review3a", "release1", "release2")


@pytest.fixture(scope="session")
def founded_without_cards(
    django_db_setup: None, django_db_blocker: Any, servers: Servers, worker: str
) -> tuple[World, Snapshot]:
    """Found the bank once and keep its rows; nobody has a card yet."""
    with django_db_blocker.unblock():
        empty_tables(servers, worker)
        world = make_world(clock.now())
        kept = take(servers, worker)
        empty_tables(servers, worker)
    return world, kept


@pytest.fixture(scope="session")
def founded(
    founded_without_cards: tuple[World, Snapshot],
    django_db_blocker: Any,
    servers: Servers,
    worker: str,
) -> tuple[World, Snapshot]:
    """Give cards to everyone of the bank who signs, and keep its rows."""
    with django_db_blocker.unblock():
        world = reopened(founded_without_cards, servers, worker)
        for login in SIGNERS:
            world.holder(login)
        kept = take(servers, worker)
        empty_tables(servers, worker)
    return world, kept


def reopened(founded: tuple[World, Snapshot], servers: Servers, worker: str) -> World:
    """Return a bank that was founded, its rows committed and nobody else's left."""
    world, kept = founded
    empty_tables(servers, worker)
    restore(kept, servers, worker)
    return world.again()


@pytest.fixture(scope="module")
def _standing_bank(
    founded: tuple[World, Snapshot], django_db_blocker: Any, servers: Servers, worker: str
) -> Iterator[World]:
    with django_db_blocker.unblock():
        yield reopened(founded, servers, worker)
        empty_tables(servers, worker)


@pytest.fixture
def world(
    _standing_bank: World,
    founded: tuple[World, Snapshot],
    db: None,
    servers: Servers,
    worker: str,
) -> World:
    """Return the bank for a story in one thread; what it does is rolled back."""
    if not Company.objects.exists():
        # A story before this one committed, and emptied the tables after itself.
        restore(founded[1], servers, worker)
    return _standing_bank.again()


@pytest.fixture
def open_world(
    founded: tuple[World, Snapshot], transactional_db: None, servers: Servers, worker: str
) -> World:
    """Return the bank for a story of several threads or of damage; what it does is committed."""
    return reopened(founded, servers, worker)
