"""Bring database and static files up to date, load the demo bank, and print its sign-ins.

Run as ``python -m corpbank.demo.prepare`` with the demo's environment, the owner's address
included. What has not changed since the last start is not done again.
"""

import hashlib
import os
import sys
from pathlib import Path

import django
import psycopg
from django.conf import settings
from django.core.management import call_command

from corpbank.demo.configuration import DIRECTORY, PROJECT
from corpbank.services.processes import write_private

SCHEMA_STAMP = DIRECTORY / "schema.stamp"
STATIC_STAMP = DIRECTORY / "static.stamp"


def main() -> int:
    """Do it all in one process: starting Django is most of the time."""
    django.setup()
    with psycopg.connect(os.environ["OWNER_DATABASE_URL"]) as connection:
        # A database made afresh has another time of birth, and the stamp of the old one no worth.
        query = "SELECT oid::text FROM pg_database WHERE datname = current_database()"
        row = connection.execute(query).fetchone()
        tables = connection.execute("SELECT to_regclass('public.django_migrations')").fetchone()
    digest = _schema_digest(str(row), str(tables))
    if _read(SCHEMA_STAMP) != digest:
        _tell("Bringing the database up to date …")
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        write_private(SCHEMA_STAMP, _schema_digest(str(row), "('django_migrations',)"))
    static = _static_digest()
    if _read(STATIC_STAMP) != static:
        _tell("Collecting the static files …")
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        write_private(STATIC_STAMP, static)
    _tell("Loading the demo bank …")
    call_command("load_demo")
    call_command("load_demo", "--print")
    return 0


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _read(stamp: Path) -> str:
    return stamp.read_text("utf-8") if stamp.exists() else ""


def _schema_digest(database: str, tables: str) -> str:
    """Return a name for this database and the migrations that were applied to it."""
    digest = hashlib.sha256(f"{database}{tables}".encode())
    locks = PROJECT.glob("requirements/*.lock")
    for path in sorted([*PROJECT.glob("*/migrations/*.py"), *locks]):
        digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


def _static_digest() -> str:
    """Return a name for the static files as they lie there; times and sizes are enough."""
    digest = hashlib.sha256(settings.STATIC_URL.encode() + django.__version__.encode())
    for path in sorted((PROJECT / "static").rglob("*")):
        found = path.stat()
        digest.update(f"{path}{found.st_mtime_ns}{found.st_size}".encode())
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
