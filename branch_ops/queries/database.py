"""Does the database hold what the migrations promised? Triggers, missing rights, an ordinary role.

Nothing is listed here by hand: the migrations' own SQL says which triggers there must be and which
rights the application was denied, so a table that becomes immutable is checked from then on.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.migrations import RunSQL
from django.db.migrations.executor import MigrationExecutor

from kernel.guards import APPLICATION_ROLE

MADE = re.compile(
    r"(CREATE|DROP)\s+(?:CONSTRAINT\s+)?TRIGGER\s+(?:IF\s+EXISTS\s+)?(\w+)", re.IGNORECASE
)
TABLE_OF = re.compile(
    r"CREATE\s+(?:CONSTRAINT\s+)?TRIGGER\s+(\w+)\s[^;]*?\sON\s+(\w+)", re.IGNORECASE
)
DENIED = re.compile(
    rf"REVOKE\s+([\w,\s]+?)\s+ON\s+(\w+)\s+FROM\s+{APPLICATION_ROLE}", re.IGNORECASE
)

ROLE = """
SELECT current_user, rolsuper, rolbypassrls, rolcreatedb OR rolcreaterole,
       EXISTS (SELECT FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user)
FROM pg_roles WHERE rolname = current_user
"""
TRIGGERS = """
SELECT c.relname, t.tgname FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND n.nspname = 'public' AND t.tgenabled IN ('O', 'A')
"""
# A right on one column is a right too; TRUNCATE has none on columns.
HAS_RIGHT = """
SELECT has_table_privilege(to_regclass(%(table)s::text), %(right)s::text)
    OR (%(right)s::text = 'UPDATE'
        AND has_any_column_privilege(to_regclass(%(table)s::text), 'UPDATE'))
"""
CAN_TRUNCATE = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'TRUNCATE')
ORDER BY c.relname
"""
SETTINGS = "SELECT current_setting('lock_timeout'), current_setting('server_version_num')::int"


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """Tell what the role that runs the site is."""

    name: str
    superuser: bool
    bypasses_row_security: bool
    creates: bool
    owns_tables: bool


@dataclass(frozen=True, slots=True)
class Promise:
    """Name what the migrations promise: triggers by table, rights denied by table."""

    triggers: frozenset[tuple[str, str]]
    denied: frozenset[tuple[str, str]]


def role() -> RoleFacts:
    """Return what the present role of the database is."""
    return RoleFacts(*_rows(ROLE)[0])


def promise() -> Promise:
    """Return what all migrations together promise, in the order they run."""
    triggers: dict[str, str] = {}
    denied: set[tuple[str, str]] = set()
    for statement in _statements():
        tables = dict(TABLE_OF.findall(statement))
        for verb, trigger in MADE.findall(statement):
            if verb.upper() == "CREATE":
                triggers[trigger] = tables.get(trigger, "")
            else:
                triggers.pop(trigger, None)
        for rights, table in DENIED.findall(statement):
            denied |= {(table, right.strip().upper()) for right in rights.split(",")}
    return Promise(frozenset((table, name) for name, table in triggers.items()), frozenset(denied))


def missing_triggers() -> list[tuple[str, str]]:
    """Return the promised triggers that are not there or switched off, as (table, trigger)."""
    present = {(table, name) for table, name in _rows(TRIGGERS)}
    return sorted(promise().triggers - present)


def forbidden_rights() -> list[tuple[str, str]]:
    """Return the rights this role has although it must not, as (table, right)."""
    found = {
        (table, right)
        for table, right in promise().denied
        if _rows(HAS_RIGHT, {"table": table, "right": right})[0][0]
    }
    return sorted(found | {(table, "TRUNCATE") for (table,) in _rows(CAN_TRUNCATE)})


def unapplied_migrations() -> list[str]:
    """Return the names of migrations this installation brings and the database has not seen.

    A gap is found too: Django's own plan looks no further back than the newest one applied.
    """
    loader = MigrationExecutor(connection).loader
    waiting = set(loader.graph.nodes) - set(loader.applied_migrations)
    return [f"{app}.{name}" for app, name in sorted(waiting)]


def lock_timeout() -> str:
    """Return how long a statement waits for a lock; '0' is for ever."""
    return str(_rows(SETTINGS)[0][0])


def server_version() -> int:
    """Return the server's version as a number such as 160002."""
    return int(_rows(SETTINGS)[0][1])


def database_time() -> datetime:
    """Return the time by the database's clock."""
    moment: datetime = _rows("SELECT clock_timestamp()")[0][0]
    return moment


def _statements() -> Iterator[str]:
    executor = MigrationExecutor(connection)
    leaves = executor.loader.graph.leaf_nodes()
    for migration, _backwards in executor.migration_plan(leaves, clean_start=True):
        for operation in migration.operations:
            if isinstance(operation, RunSQL):
                yield from _texts(operation.sql)


def _texts(sql: object) -> Iterable[str]:
    """Return the statements of a RunSQL, which takes one text or a list of texts and pairs."""
    if isinstance(sql, str):
        return [sql]
    parts = sql if isinstance(sql, (list, tuple)) else []
    return [part if isinstance(part, str) else str(part[0]) for part in parts]


def _rows(statement: str, values: dict[str, str] | None = None) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
