"""The proof of the log finds every damage, and tells it to people and to machines."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit.operations import record

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("AUD-1")]

# Done by somebody who stands above triggers and rights: (what was done, where it is found, how).
DAMAGE = {
    "changed text": ("UPDATE audit_entry SET actor = 'nobody' WHERE position = 3", 3, "changed"),
    "changed time": (
        "UPDATE audit_entry SET at = at + interval '1 microsecond' WHERE position = 1", 1, "changed"
    ),
    "changed detail": (
        """UPDATE audit_entry SET after = '{"n": "6"}' WHERE position = 2""", 2, "changed"
    ),
    "changed outcome": (
        "UPDATE audit_entry SET outcome = 'refused' WHERE position = 5", 5, "changed"
    ),
    "changed hash": ("UPDATE audit_entry SET hash = '\\x00' WHERE position = 5", 5, "changed"),
    "missing first": ("DELETE FROM audit_entry WHERE position = 1", 1, "missing"),
    "missing in the middle": ("DELETE FROM audit_entry WHERE position = 3", 3, "missing"),
    "missing and closed up": (
        "DELETE FROM audit_entry WHERE position = 3;"
        "UPDATE audit_entry SET position = position - 1 WHERE position > 3", 3, "reordered"
    ),
    "reordered": (
        "ALTER TABLE audit_entry DROP CONSTRAINT audit_entry_position;"
        "UPDATE audit_entry SET position = 5 - position WHERE position IN (2, 3);"
        "ALTER TABLE audit_entry ADD CONSTRAINT audit_entry_position UNIQUE (chain, position)",
        2, "reordered",
    ),
    "cut off": ("DELETE FROM audit_entry WHERE position > 3", 4, "cut off"),
    "all gone": ("DELETE FROM audit_entry", 1, "cut off"),
    "head set back": ("UPDATE audit_chain SET height = 4", 6, "cut off"),
    "head taken away": ("DELETE FROM audit_chain", 6, "cut off"),
    "moved to another chain": (
        "UPDATE audit_entry SET chain = 'bank2' WHERE position = 5", 5, "cut off"
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def log(transactional_db: None) -> None:
    """Write a chain of five entries."""
    with transaction.atomic():
        for number in range(1, 6):
            record(
                chain="bank", event="identity.user.added", actor="system",
                target=f"user:U{number}", now=NOW, after={"n": str(number)},
            )  # fmt: skip


def verify(*words: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("verify_audit", *words, stdout=out)
    except CommandError as failure:
        return failure.returncode, out.getvalue()
    return 0, out.getvalue()


def report() -> tuple[int, dict[str, Any]]:
    code, text = verify("--json")
    return code, json.loads(text)


def test_a_whole_log_is_proved() -> None:
    assert verify() == (0, "bank: 5 entries, whole\n")
    assert report() == (0, {"chains": 1, "entries": 5, "breaks": []})


@pytest.mark.parametrize("damage", sorted(DAMAGE))
def test_damage_is_found_and_named(damage: str, superuser_cursor: psycopg.Cursor) -> None:
    statements, position, what = DAMAGE[damage]
    superuser_cursor.execute("SET session_replication_role = replica")
    superuser_cursor.execute(statements)
    code, found = report()
    assert code == 1
    assert {"chain": "bank", "position": position, "what": what} in found["breaks"]
    code, text = verify()
    assert code == 1
    assert f"BROKEN at {position}: {what}" in text


def test_damage_to_one_chain_leaves_the_others_proved(superuser_cursor: psycopg.Cursor) -> None:
    with transaction.atomic():
        record(chain="unit:001", event="e", actor="system", target="unit:001", now=NOW)
    superuser_cursor.execute("SET session_replication_role = replica")
    superuser_cursor.execute("DELETE FROM audit_entry WHERE chain = 'bank' AND position = 2")
    code, text = verify()
    assert code == 1
    assert text.splitlines() == [
        "bank: 5 entries, BROKEN at 2: missing",
        "unit:001: 1 entries, whole",
    ]
