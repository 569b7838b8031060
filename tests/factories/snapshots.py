"""Keep what a database holds and bring it back: founding a bank once serves many tests."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection, sql

from tests.servers import Servers, filled_tables, housekeeper


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold the rows of every filled table as PostgreSQL's own COPY text, by table."""

    tables: dict[str, bytes]


def take(servers: Servers, worker: str) -> Snapshot:
    """Return all committed rows of this worker's database, reference tables left out."""
    connection = housekeeper(servers, worker)
    return Snapshot({name: _read(connection, name) for name in filled_tables(connection)})


def restore(snapshot: Snapshot, servers: Servers, worker: str) -> None:
    """Write the rows back into an empty database, past the triggers that made them once.

    Sequences only ever grow, so new rows never meet the restored ones.
    """
    connection = housekeeper(servers, worker)
    with connection.transaction():
        for name, rows in snapshot.tables.items():
            statement = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))
            with connection.cursor().copy(statement) as copy:
                copy.write(rows)


def _read(connection: Connection, name: str) -> bytes:
    statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(name))
    with connection.cursor().copy(statement) as copy:
        return b"".join(bytes(part) for part in copy)
