"""The servers behind the tests: one PostgreSQL and one Valkey per run, one database per worker.

Tests speak to the database as the application does, in its restricted role. Each worker's database
is a copy of a template that the owner role migrated once; the template is kept until a migration
changes. TEST_SUPERUSER_URL (with TEST_REDIS_URL) names servers to use instead of the embedded ones.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.core.cache import caches
from django.core.management import call_command
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from corpbank.celery import app as celery_app
from corpbank.services import Addresses, AlreadyRunning, running
from corpbank.services.postgresql import APP, OWNER, ROLES_SQL, prepare_database

PROJECT = Path(__file__).resolve().parents[1]
SLOTS = 8
# Rows that migrations bring: they belong to the schema and outlive every test.
REFERENCE_TABLES = (
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "branch_ops_feetariff",
    "identity_passwordpolicy",
    "identity_role",
    "identity_passwordpolicy",
    "identity_signinpolicy",
)
EMPTY = sql.SQL("""
DO $$
DECLARE
  name text;
  filled boolean;
BEGIN
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN ({}) ORDER BY tablename
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
    IF filled THEN
      EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
      EXECUTE format('DELETE FROM %I', name);
    END IF;
  END LOOP;
END $$""")
TEMPLATE_PREFIX = "corpbank_template_"
TEMPLATE_LOCK = 7_264_001
PASSWORD = "only-for-tests"
_housekeepers: dict[str, psycopg.Connection] = {}


@dataclass(frozen=True, slots=True)
class Servers:
    """The addresses of one run; plain texts, so that xdist can hand them to its workers."""

    superuser_url: str
    owner_url: str
    app_url: str
    redis_url: str
    embedded: bool

    def as_dict(self) -> dict[str, str | bool]:
        """Return the fields for another process."""
        return asdict(self)


@contextmanager
def serving() -> Iterator[Servers]:
    """Run the servers of one test run, or use those the environment names."""
    url = os.environ.get("TEST_SUPERUSER_URL")
    if url:
        passwords = {OWNER: PASSWORD, APP: PASSWORD}
        prepare_database(url, "corpbank_test", passwords)
        redis_url = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
        yield Servers(url, _as_role(url, OWNER), _as_role(url, APP), redis_url, embedded=False)
        return
    with _free_slot() as found:
        yield Servers(
            found.superuser_url,
            found.owner_database_url,
            found.database_url,
            found.redis_url,
            embedded=True,
        )


def _as_role(url: str, role: str) -> str:
    parts = conninfo_to_dict(url)
    host, port = parts.get("host") or "127.0.0.1", parts.get("port") or 5432
    return f"postgresql://{role}:{quote(PASSWORD)}@{host}:{port}/corpbank_test"


@contextmanager
def _free_slot() -> Iterator[Addresses]:
    """Run the services in the first directory no other test run is using."""
    for slot in range(SLOTS):
        services = running(PROJECT / ".local" / "test" / str(slot), for_tests=True)
        try:
            addresses = services.__enter__()
        except AlreadyRunning:
            continue
        try:
            yield addresses
        finally:
            services.__exit__(None, None, None)
        return
    raise AlreadyRunning(f"{SLOTS} test runs are under way: wait for one to end.")


def superuser_connection(servers: Servers, database: str) -> psycopg.Connection:
    """Return an autocommitting connection that stands above all rules."""
    return psycopg.connect(make_conninfo(servers.superuser_url, dbname=database), autocommit=True)


def owner_connection() -> psycopg.Connection:
    """Return an autocommitting connection of the tables' owner to this worker's database."""
    found = settings.DATABASES["owner"]
    return psycopg.connect(
        host=found["HOST"],
        port=found["PORT"],
        user=found["USER"],
        password=found["PASSWORD"],
        dbname=found["NAME"],
        autocommit=True,
    )


def database_of(worker: str) -> str:
    """Return the name of a worker's database."""
    return f"corpbank_test_{worker}"


def provide_database(servers: Servers, worker: str) -> None:
    """Make the worker's database afresh from the migrated template and point Django at it."""
    with superuser_connection(servers, "postgres") as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [TEMPLATE_LOCK])
        template = TEMPLATE_PREFIX + schema_digest()
        exists = connection.execute("SELECT FROM pg_database WHERE datname = %s", [template])
        if exists.fetchone() is None:
            _build_template(servers, connection, template)
        # Unlocked only now: nobody may open a session on a template that is being copied.
        name = sql.Identifier(database_of(worker))
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        command = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        connection.execute(command.format(name, sql.Identifier(template), sql.Identifier(OWNER)))
    point_django_at(servers, database_of(worker))


def drop_database(servers: Servers, worker: str) -> None:
    """Drop the worker's database, whoever is still connected."""
    for alias in ("default", "owner"):
        connections[alias].close()
    if database_of(worker) in _housekeepers:
        _housekeepers.pop(database_of(worker)).close()
    with superuser_connection(servers, "postgres") as connection:
        name = sql.Identifier(database_of(worker))
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _build_template(servers: Servers, connection: psycopg.Connection, template: str) -> None:
    """Migrate a fresh database as the owner; it gets its name when it is complete."""
    unfinished = "corpbank_unfinished_template"
    for name in _templates(connection) if servers.embedded else []:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    connection.execute(drop.format(sql.Identifier(unfinished)))
    prepare_database(servers.superuser_url, unfinished, {})
    point_django_at(servers, unfinished)
    call_command("migrate", database="owner", verbosity=0, interactive=False)
    for alias in ("default", "owner"):
        connections[alias].close()
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    connection.execute(rename.format(sql.Identifier(unfinished), sql.Identifier(template)))


def _templates(connection: psycopg.Connection) -> list[str]:
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, %s)"
    return [name for (name,) in connection.execute(query, [TEMPLATE_PREFIX]).fetchall()]


def schema_digest() -> str:
    """Return a name for the state of everything that decides how a migrated database looks."""
    digest = hashlib.sha256()
    locks = PROJECT.glob("requirements/*.lock")
    settings_files = [PROJECT / "corpbank" / "settings" / name for name in ("base.py", "test.py")]
    for path in sorted([*PROJECT.glob("*/migrations/*.py"), *locks, ROLES_SQL, *settings_files]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def point_django_at(servers: Servers, database: str) -> None:
    """Let both of Django's connections lead to `database`, each under its own role."""
    for alias, url in (("default", servers.app_url), ("owner", servers.owner_url)):
        connections[alias].close()
        parts = conninfo_to_dict(url)
        changes = {
            "NAME": database,
            "USER": parts["user"],
            "PASSWORD": parts["password"],
            "HOST": parts["host"],
            "PORT": str(parts["port"]),
        }
        settings.DATABASES[alias].update(changes)
        connections[alias].settings_dict.update(changes)


def point_queue_at(redis_url: str) -> None:
    """Let the cache and Celery use this address."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = redis_url
    settings.CACHES["default"]["LOCATION"] = redis_url
    # One that was made already would keep the address it was made with.
    with suppress(AttributeError):
        del caches["default"]
    celery_app.conf.broker_url = redis_url


def housekeeper(servers: Servers, worker: str) -> psycopg.Connection:
    """Return this process's connection for making the worker's database tidy between tests.

    It stands above all rules, commits at once and stays open: opening one takes longer than what
    it does. Replica role switches the triggers of immutable tables off, for this session alone.
    """
    database = database_of(worker)
    found = _housekeepers.get(database)
    if found is None or found.closed:
        found = _housekeepers[database] = superuser_connection(servers, database)
        found.execute("SET session_replication_role = replica")
        found.execute("SET lock_timeout = '10s'")
    return found


def empty_tables(servers: Servers, worker: str) -> None:
    """Empty every table that is not a reference table, whatever its triggers and rights say.

    Row by row: TRUNCATE would write new files for each table and each of its indexes, which takes
    fifty times as long. Locked first, so that nobody's unfinished transaction adds a row later.
    """
    housekeeper(servers, worker).execute(EMPTY.format(sql.SQL(", ").join(REFERENCE_TABLES)))


def filled_tables(connection: psycopg.Connection) -> list[str]:
    """Return the tables that hold rows and are not reference tables."""
    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL(%s)"
    names = [name for (name,) in connection.execute(query, [list(REFERENCE_TABLES)]).fetchall()]
    probe = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    probes = [probe.format(sql.Literal(name), sql.Identifier(name)) for name in names]
    if not probes:
        return []
    found = connection.execute(sql.SQL(" UNION ALL ").join(probes)).fetchall()
    return [name for (name,) in found]
