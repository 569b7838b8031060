"""Write down the statements that Django sends, with their values as text and their types."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from psycopg import Connection
from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer


@dataclass(frozen=True, slots=True)
class Value:
    """One value as PostgreSQL reads it from text, None for NULL; `kind` is empty where not sent."""

    text: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with `$1`, `$2`, … and the values for them."""

    query: str
    values: tuple[Value, ...]


@contextmanager
def recorded() -> Iterator[list[Statement]]:
    """Collect what is sent to the default database; BEGIN and COMMIT are not among it."""
    found: list[Statement] = []

    def keep(
        execute: Callable[..., object], query: str, params: object, many: bool, context: object
    ) -> object:
        found.append(_statement(connection.connection, query, params))
        return execute(query, params, many, context)

    with connection.execute_wrapper(keep):
        yield found


def _statement(raw: Connection[Any], query: str, params: object) -> Statement:
    # "t" asks psycopg for text instead of whatever is fastest.
    as_text = re.sub(r"%(\(\w+\))?s", lambda match: f"%{match[1] or ''}t", query)
    converted = PostgresQuery(Transformer(raw))
    converted.convert(as_text, params or None)
    given = converted.params or ()
    values = [
        Value(None if value is None else bytes(value).decode(), _kind(raw, oid))
        for value, oid in zip(given, converted.types, strict=True)
    ]
    return Statement(converted.query.decode(), tuple(values))


def _kind(raw: Connection[Any], oid: int) -> str:
    """Return the name of a type; whole numbers all as the widest, whose width varies by value."""
    info = raw.adapters.types.get(oid)
    if info is None or oid == 0:
        return ""
    name = "int8" if info.name in {"int2", "int4", "int8"} else info.name
    return f"{name}[]" if oid == info.array_oid else name
