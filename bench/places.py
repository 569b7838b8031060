"""Where everything runs: an own PostgreSQL with fsync on, an own queue, a database for each."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from corpbank.services import Addresses, ServiceError, local_directory, running
from corpbank.services.postgresql import APP, OWNER, SUPERUSER, PostgreSQL
from corpbank.services.processes import LOOPBACK, free_port

PROJECT = Path(__file__).resolve().parents[1]
BANK, SNAPSHOT, REPLAY, HORDAK = "bench_bank", "bench_snapshot", "bench_replay", "bench_hordak"
AUTHORITY = "bench_authority"
# How many certificates the measured authority's list names.
ENTRIES = 5_000


@dataclass(frozen=True, slots=True)
class Places:
    """The running services and what the processes of a run are told."""

    directory: Path
    postgresql: PostgreSQL
    redis_url: str
    port: int
    secret: str

    @property
    def origin(self) -> str:
        """Return the address of the site while it is measured."""
        return f"http://{LOOPBACK}:{self.port}"

    def bank_environment(self, database: str = BANK) -> dict[str, str]:
        """Return the environment of a process of the bank."""
        return {
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "SECRET_KEY": self.secret,
            "PKI_KEY_PASSPHRASE": self.secret,
            "LETTER_HASH_KEY": self.secret,
            "PKI_KEY_DIRECTORY": str(self.directory / "keys"),
            "DATABASE_URL": self.postgresql.url(APP, database),
            "OWNER_DATABASE_URL": self.postgresql.url(OWNER, database),
            "REDIS_URL": self.redis_url,
            "ALLOWED_HOSTS": LOOPBACK,
            "PLAIN_HTTP": "1",
            "SIGNING_ALLOWED_STORAGES": "BROWSER,SOFTWARE,HARDWARE",
            "LOG_LEVEL": "ERROR",
        }

    def hordak_environment(self) -> dict[str, str]:
        """Return the environment of a process of the peer."""
        return {
            "DJANGO_SETTINGS_MODULE": "bench.peers.hordak_settings",
            "HORDAK_DATABASE_URL": self.postgresql.url(OWNER, HORDAK),
        }

    def superuser(self, database: str = "postgres") -> psycopg.Connection:
        """Return an autocommitting connection above all rules."""
        return psycopg.connect(self.postgresql.url(SUPERUSER, database), autocommit=True)

    def program(self, name: str) -> Path:
        """Return the path of one of PostgreSQL's own programs."""
        installation = self.postgresql.installation
        if installation is None:
            raise RuntimeError("PostgreSQL is not running")
        return installation.programs / name

    def make_database(self, name: str, environment: Mapping[str, str], *options: str) -> None:
        """Make a database afresh, with its roles, and migrate it."""
        with self.superuser() as connection:
            _drop(connection, name)
        self.postgresql.prepare_database(name)
        migrated = subprocess.run(
            [sys.executable, "-m", "django", "migrate", "--verbosity", "0", *options],
            env=os.environ | dict(environment), cwd=PROJECT, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if migrated.returncode != 0:
            raise ServiceError(f"{name} could not be migrated:\n{migrated.stderr[-2000:]}")

    def copy_database(self, source: str, name: str) -> None:
        """Make a database as a copy of another one that nobody is connected to."""
        with self.superuser() as connection:
            _drop(connection, name)
            command = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
            names = [sql.Identifier(part) for part in (name, source, OWNER)]
            connection.execute(command.format(*names))
            connection.execute("CHECKPOINT")


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


@contextmanager
def places() -> Iterator[Places]:
    """Run the services for one run, in a directory of their own."""
    directory = local_directory() / "bench"
    with running(directory / "services") as addresses:
        yield Places(
            directory=directory,
            postgresql=_postgresql(addresses),
            redis_url=addresses.redis_url,
            port=free_port(),
            secret=secrets.token_urlsafe(32),
        )


def _postgresql(addresses: Addresses) -> PostgreSQL:
    return next(server for server in addresses.servers if isinstance(server, PostgreSQL))
