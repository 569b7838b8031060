"""The database and the queue as children of this process, for the demo and the tests.

Nothing is installed on the machine: PostgreSQL and Valkey come inside Python packages. A real
installation uses servers of its own and names them by DATABASE_URL and REDIS_URL.
"""

import fcntl
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, NoReturn

from corpbank.services.postgresql import APP, DATABASE, OWNER, SUPERUSER, PostgreSQL
from corpbank.services.processes import AlreadyRunning, ServiceError, write_private
from corpbank.services.valkey import Valkey

__all__ = [
    "Addresses",
    "AlreadyRunning",
    "ServiceError",
    "default_directory",
    "local_directory",
    "running",
    "stop_on_signals",
]

PROJECT = Path(__file__).resolve().parents[2]
ADDRESSES_FILE = "addresses.json"


@dataclass(frozen=True, slots=True, repr=False)
class Addresses:
    """Where the services answer. Passwords are inside, so it has no representation to print."""

    database_url: str
    owner_database_url: str
    superuser_url: str
    redis_url: str
    # The servers this process runs itself; none when somebody else does.
    servers: tuple[PostgreSQL | Valkey, ...] = ()

    def urls(self) -> dict[str, str]:
        """Return every address under its own name, for another process."""
        names = ("database_url", "owner_database_url", "superuser_url", "redis_url")
        return {name: getattr(self, name) for name in names}

    def environment(self) -> Mapping[str, str]:
        """Return the environment variables the settings read; the superuser is not among them."""
        return {
            "DATABASE_URL": self.database_url,
            "OWNER_DATABASE_URL": self.owner_database_url,
            "REDIS_URL": self.redis_url,
        }


def local_directory() -> Path:
    """Return where everything the demo keeps lives: .local in the project, or CORPBANK_LOCAL."""
    return Path(os.environ.get("CORPBANK_LOCAL") or PROJECT / ".local").resolve()


def default_directory() -> Path:
    """Return where the demo's data lives."""
    return local_directory() / "services"


@contextmanager
def running(
    directory: Path | None = None,
    *,
    postgresql_port: int = 0,
    redis_port: int = 0,
    for_tests: bool = False,
    share: bool = False,
    logs: Path | None = None,
) -> Iterator[Addresses]:
    """Run both services for the length of a `with` block, and stop them at its end.

    A second start finds the data of the first. Ports of 0 mean any free one. `for_tests` trades
    durability for speed. `share` uses services somebody else already runs on `directory`, and
    leaves them running. They also stop when this process is ended by a signal, whichever it is.
    Raises ServiceError when the directory is in use or a service does not start.
    """
    directory = (directory or default_directory()).resolve()
    logs = logs or directory / "log"
    directory.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        lock = stack.enter_context((directory / "lock").open("a"))
        if not _take(lock):
            if not share:
                raise AlreadyRunning(f"The services in {directory} are already running.")
            yield _read(directory)
            return
        stack.enter_context(stop_on_signals())
        database = PostgreSQL(
            directory, logs / "postgresql.log", postgresql_port, for_tests=for_tests
        )
        stack.callback(database.stop)
        database.start()
        queue = Valkey(directory / "valkey", logs / "valkey.log", redis_port)
        stack.callback(queue.stop)
        queue.start()
        addresses = _addresses(database, queue)
        write_private(directory / ADDRESSES_FILE, json.dumps(addresses.urls()))
        stack.callback((directory / ADDRESSES_FILE).unlink, missing_ok=True)
        yield addresses


def _take(lock: IO[str]) -> bool:
    """Return whether this process now holds the directory's lock."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(directory: Path) -> Addresses:
    """Return the addresses whoever runs the services wrote down."""
    try:
        return Addresses(**json.loads((directory / ADDRESSES_FILE).read_text("utf-8")))
    except FileNotFoundError:
        raise ServiceError(
            f"The services in {directory} are just starting or stopping: try again in a moment."
        ) from None


def _addresses(database: PostgreSQL, queue: Valkey) -> Addresses:
    return Addresses(
        database_url=database.url(APP, DATABASE),
        owner_database_url=database.url(OWNER, DATABASE),
        superuser_url=database.url(SUPERUSER, DATABASE),
        redis_url=queue.url(),
        servers=(database, queue),
    )


@contextmanager
def stop_on_signals() -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, so that `with` blocks are left in good order."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        sys.exit(128 + number)

    for number, handler in before.items():
        if handler is signal.SIG_DFL:
            signal.signal(number, leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
