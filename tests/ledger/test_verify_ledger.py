"""The command that proves the books, and every kind of damage it finds."""

from __future__ import annotations

import json
from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from ledger import operations
from tests.factories import ledger as make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("TRF-3", "OPS-1")]

SOURCE = "(SELECT id FROM ledger_account WHERE number = '000000000001')"
POSTED = "(SELECT id FROM ledger_posting WHERE reference = 'T1')"
NEW_POSTING = """
    INSERT INTO ledger_posting (reference, kind, value_date, posted_at, narrative)
    VALUES ('T9', 'TRANSFER', '2026-11-23', now(), '')"""


def books() -> None:
    owner = make.company()
    source = make.account(owner, 100, number="000000000001")
    target = make.account(owner, number="000000000002")
    make.transfer("T1", source, target, 40)
    make.act(operations.place_hold, account_id=source, money=make.twd(10), key="R1-1")


def findings() -> list[dict[str, str]]:
    """Return what the command finds; it fails exactly when it finds something."""
    out = StringIO()
    code = 0
    try:
        call_command("verify_ledger", "--json", stdout=out)
    except CommandError as error:
        code = error.returncode
    found = list(json.loads(out.getvalue())["findings"])
    assert code == (1 if found else 0)
    return found


def test_whole_books_are_told_in_words_and_in_json() -> None:
    books()
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue() == "3 accounts, 2 postings, 1 open holds, 0 findings\n"
    out = StringIO()
    call_command("verify_ledger", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "accounts": 3, "postings": 2, "open_holds": 1, "findings": [],
    }  # fmt: skip


def test_an_empty_ledger_is_whole() -> None:
    assert findings() == []


@pytest.mark.parametrize(
    ("damage", "what", "where"),
    [
        (
            "UPDATE ledger_leg SET amount = amount - 1 "
            "WHERE posting_id = :posted AND account_id = :source",
            {"unbalanced posting", "balance is not the sum of legs", "running balance is wrong"},
            {"T1", "000000000001"},
        ),
        (
            "DELETE FROM ledger_leg WHERE posting_id = :posted",
            {"posting without legs", "balance is not the sum of legs"},
            {"T1", "000000000001", "000000000002"},
        ),
        (NEW_POSTING, {"posting without legs"}, {"T9"}),
        (
            "UPDATE ledger_leg SET currency = 'USD' WHERE posting_id = :posted",
            {"leg in another currency"},
            {"000000000001", "000000000002"},
        ),
        (
            "UPDATE ledger_account SET balance = balance + 1000 WHERE id = :source",
            {"balance is not the sum of legs"},
            {"000000000001"},
        ),
        (
            "UPDATE ledger_leg SET balance_after = 61 "
            "WHERE posting_id = :posted AND account_id = :source",
            {"running balance is wrong"},
            {"000000000001"},
        ),
        (
            "UPDATE ledger_leg SET balance_after = NULL",
            {"running balance is wrong"},
            {"000000000001", "000000000002"},
        ),
        (
            "UPDATE ledger_account SET held = 0 WHERE id = :source",
            {"held is not the sum of open holds"},
            {"000000000001"},
        ),
        (
            "UPDATE ledger_hold SET amount = 11",
            {"held is not the sum of open holds"},
            {"000000000001"},
        ),
        (
            "DELETE FROM ledger_hold",
            {"held is not the sum of open holds"},
            {"000000000001"},
        ),
        (
            "ALTER TABLE ledger_account DROP CONSTRAINT ledger_account_covered; "
            "UPDATE ledger_account SET balance = -1 WHERE id = :source",
            {"balance is not the sum of legs", "negative"},
            {"000000000001"},
        ),
    ],
    ids=[
        "leg changed", "legs removed", "posting invented", "currency changed", "balance changed",
        "running balance changed", "running balance removed", "held changed", "hold changed",
        "hold removed", "overdrawn",
    ],
)  # fmt: skip
def test_damage_done_past_all_rules_is_found(
    superuser_cursor: psycopg.Cursor, damage: str, what: set[str], where: set[str]
) -> None:
    books()
    assert findings() == []
    superuser_cursor.execute("BEGIN")
    superuser_cursor.execute("SET LOCAL session_replication_role = replica")
    superuser_cursor.execute(damage.replace(":source", SOURCE).replace(":posted", POSTED))
    superuser_cursor.execute("COMMIT")
    found = findings()
    try:
        assert {finding["what"] for finding in found} == what
        assert {finding["where"] for finding in found} == where
    finally:
        if "DROP CONSTRAINT" in damage:
            superuser_cursor.execute("UPDATE ledger_account SET balance = 60 WHERE balance = -1")
            superuser_cursor.execute(
                "ALTER TABLE ledger_account ADD CONSTRAINT ledger_account_covered "
                "CHECK (balance >= held AND held >= 0)"
            )


def test_findings_are_told_in_words_with_exit_code_one(
    superuser_cursor: psycopg.Cursor,
) -> None:
    books()
    superuser_cursor.execute("UPDATE ledger_account SET balance = 61 WHERE balance = 60")
    out = StringIO()
    with pytest.raises(CommandError) as failed:
        call_command("verify_ledger", stdout=out)
    assert failed.value.returncode == 1
    assert "balance is not the sum of legs: 000000000001 61.0000 stored" in out.getvalue()
