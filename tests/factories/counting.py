"""Count work instead of time: statements sent to the database, passwords hashed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext, override_settings

from identity.formats import PasswordHasher

BOUNDARIES = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Collect the statements of a story, without those that only bound transactions."""
    found: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield found
    found += [
        query["sql"]
        for query in captured.captured_queries
        if not query["sql"].lstrip().upper().startswith(BOUNDARIES)
    ]


@contextmanager
def counted_texts() -> Iterator[list[str]]:
    """Collect the texts of a story's statements without their values, transactions' bounds aside.

    Two stories with the same texts have asked the database for the same work.
    """
    found: list[str] = []

    def note(
        execute: Callable[..., object], text: str, values: object, many: bool, context: object
    ) -> object:
        if not text.lstrip().upper().startswith(BOUNDARIES):
            found.append(text)
        return execute(text, values, many, context)

    with connection.execute_wrapper(note):
        yield found


def shape(statement: str) -> str:
    """Return what a statement does to which table, whatever its values."""
    words = statement.replace('"', "").replace("(", " ( ").split()
    if words[0].upper() == "WITH":  # what a statement with a name for its parts does first
        words = words[words.index("(") + 1 :]
    verb = words[0].upper()
    after = {"SELECT": "FROM", "INSERT": "INTO", "UPDATE": "UPDATE", "DELETE": "FROM"}[verb]
    place = [word.upper() for word in words].index(after)
    locks = " locked" if "FOR UPDATE" in statement else ""
    return f"{verb} {words[place + 1]}{locks}"


class CountingHasher(PasswordHasher):
    """Hash as the bank does, and count."""

    verified = 0

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password and count it."""
        type(self).verified += 1
        return super().verify(password, encoded)


@contextmanager
def counted_hashes() -> Iterator[list[int]]:
    """Collect, as the one element of a list, how many passwords were hashed for a check."""
    found: list[int] = []
    name = f"{CountingHasher.__module__}.{CountingHasher.__qualname__}"
    with override_settings(PASSWORD_HASHERS=[name]):
        before = CountingHasher.verified
        yield found
        found.append(CountingHasher.verified - before)
