"""What every test stands on: real servers, the application's own role, a clean queue."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings
from django.core.cache import caches
from django.test import TransactionTestCase
from django.utils import translation
from django.utils.translation.reloader import translation_file_changed
from hypothesis import HealthCheck, settings as hypothesis_settings

from corpbank.messages import compile_catalogues
from tests.factories.worlds import (
    _standing_bank,
    founded,
    founded_without_cards,
    open_world,
    world,
)
from tests.servers import (
    Servers,
    database_of,
    drop_database,
    empty_tables,
    owner_connection,
    point_queue_at,
    provide_database,
    serving,
    superuser_connection,
)

# Two shared cores: how long an example takes says nothing about the rule it shows.
hypothesis_settings.register_profile(
    "house",
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
hypothesis_settings.load_profile("house")

# Fixtures of the small bank, for every test that needs one.
__all__ = ["_standing_bank", "founded", "founded_without_cards", "open_world", "world"]

# What takes longest begins first, so that no process is left alone with it at the end.
LONGEST = (
    "tests/walks/",
    "tests/corpbank/test_demo.py",
    "tests/certificates/test_life_races.py",
    "tests/branch_ops/test_window_closed.py",
    "tests/branch_ops/test_stock_browser.py",
)

RUNNING = pytest.StashKey[Servers]()
STARTED = pytest.StashKey[ExitStack]()


def servers_of(config: pytest.Config) -> Servers:
    """Return this run's servers; start them when they are first asked for."""
    handed = getattr(config, "workerinput", {}).get("servers")
    if handed is not None:
        return Servers(**handed)
    if RUNNING not in config.stash:
        stack = config.stash[STARTED] = ExitStack()
        config.stash[RUNNING] = stack.enter_context(serving())
    return config.stash[RUNNING]


class OneSetForAllWorkers:
    """Start the servers once, in the process that directs the others, and tell each worker."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the addresses to a worker that is about to start."""
        node.workerinput["servers"] = servers_of(node.config).as_dict()


def pytest_configure(config: pytest.Config) -> None:
    """Compile what the translators changed, and take part in xdist's start of workers."""
    if not hasattr(config, "workerinput"):
        for catalogue in compile_catalogues():
            # Setting Django up has read the old one, or found none, and would remember that.
            translation_file_changed(sender=None, file_path=catalogue)
    config.pluginmanager.register(OneSetForAllWorkers(), "corpbank-servers")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest stories first; all others keep their order."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    if STARTED in config.stash:
        config.stash[STARTED].close()


@pytest.fixture(scope="session", autouse=True)
def _key_directory(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Give the authority's keys a place that goes away with the run."""
    settings.PKI_KEY_DIRECTORY = str(tmp_path_factory.mktemp("keys"))


@pytest.fixture(autouse=True)
def _house_language() -> None:
    """Begin every test in the site's language: a page read before may have left another."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """Return this process's name among the workers."""
    return getattr(request.config, "workerinput", {}).get("workerid", "main")


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest, worker: str) -> Servers:
    """Return this run's servers, with the queue and cache pointed at this worker's share."""
    found = servers_of(request.config)
    point_queue_at(_own_queue(found, worker))
    return found


def _own_queue(servers: Servers, worker: str) -> str:
    number = int(worker.removeprefix("gw")) + 1 if worker.startswith("gw") else 0
    return f"{servers.redis_url.rsplit('/', 1)[0]}/{number}"


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: Any, servers: Servers, worker: str
) -> Iterator[None]:
    """Provide this worker's database; Django's own set-up would need a superuser."""
    with django_db_blocker.unblock():
        provide_database(servers, worker)
    patch = pytest.MonkeyPatch()
    # Django would flush as the application, which may not empty the immutable tables.
    patch.setattr(
        TransactionTestCase, "_fixture_teardown", lambda case: empty_tables(servers, worker)
    )
    yield
    patch.undo()
    with django_db_blocker.unblock():
        drop_database(servers, worker)


@pytest.fixture
def superuser_cursor(
    transactional_db: None, servers: Servers, worker: str
) -> Iterator[psycopg.Cursor]:
    """Return a cursor above all rules, on a connection of its own that commits at once."""
    with superuser_connection(servers, database_of(worker)) as connection:
        yield connection.cursor()


@pytest.fixture
def owner_cursor(transactional_db: None) -> Iterator[psycopg.Cursor]:
    """Return a cursor of the tables' owner, on its own connection that commits at once."""
    with owner_connection() as connection:
        yield connection.cursor()


@pytest.fixture(scope="session")
def _queue(servers: Servers, worker: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(_own_queue(servers, worker))
    yield client
    client.close()


@pytest.fixture
def redis_url(_queue: redis.Redis, servers: Servers, worker: str) -> str:
    """Return the address of this worker's part of Valkey, emptied."""
    _queue.flushdb()
    return _own_queue(servers, worker)


@pytest.fixture(autouse=True)
def _clean_cache(request: pytest.FixtureRequest) -> None:
    """Let no counter or wake-up of one test reach the next."""
    needs_database = request.node.get_closest_marker("django_db") or {
        "db",
        "transactional_db",
    } & set(request.fixturenames)
    if needs_database:
        request.getfixturevalue("_queue").flushdb()
        caches["default"].close()
    elif "servers" in request.fixturenames:
        # Sites that stand for a whole module: everybody there signs in from one address.
        queue = request.getfixturevalue("_queue")
        for key in queue.scan_iter("corpbank:door:*"):
            queue.delete(key)
