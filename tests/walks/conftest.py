"""What the walks through the browser share: the site with its bank, and a desk to sit at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Playwright, sync_playwright

from tests.factories.site import Desk, Site, browsing, serving
from tests.factories.snapshots import Snapshot
from tests.factories.world import World
from tests.factories.worlds import reopened
from tests.servers import Servers, empty_tables


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Return the driver of browsers, started."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def makes_seen() -> set[str]:
    """Return the makes of pages that axe-core has seen in this run."""
    return set()


@pytest.fixture(scope="module")
def site(
    founded_without_cards: tuple[World, Snapshot], django_db_blocker: Any, servers: Servers,
    worker: str, playwright: Playwright, makes_seen: set[str],
) -> Iterator[Site]:  # fmt: skip
    """Return the running site of a small bank; one for a module, so that cards are made once."""
    patch = pytest.MonkeyPatch()
    # The browser's driver keeps a loop in this thread, and Django would refuse the database there.
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with django_db_blocker.unblock():
        world = reopened(founded_without_cards, servers, worker)
        with serving() as address, browsing(playwright) as browser:
            yield Site(address, world, browser, makes_seen)
        connections.close_all()
        empty_tables(servers, worker)
    patch.undo()


@pytest.fixture(scope="module")
def shared_desk(site: Site) -> Iterator[Desk]:
    """Return the desk at which everybody signs in, with everybody's card in its browser."""
    with site.desk() as desk:
        yield desk


@pytest.fixture
def desk(shared_desk: Desk) -> Iterator[Desk]:
    """Return the shared desk, and insist after each story that the browser had no complaint."""
    yield shared_desk
    complaints = list(shared_desk.complaints)
    shared_desk.complaints.clear()
    assert complaints == []
