"""What the database itself refuses, whoever asks."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction

from ledger import operations
from ledger.models import Account, Hold, Leg, Posting
from ledger.policies import OwnPurpose
from tests.factories import ledger as make

FINAL = ("ledger_posting", "ledger_leg")
KEPT = ("ledger_account", "ledger_hold")


@pytest.fixture
def books(transactional_db: None) -> tuple[int, int]:
    """Commit two accounts, one transfer and one hold; return the accounts' ids."""
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    make.transfer("T1", source, target, 40)
    make.act(operations.place_hold, account_id=source, money=make.twd(10), key="R1-1")
    return source, target


def new_posting(reference: str = "T9") -> Posting:
    return Posting.objects.create(
        reference=reference, kind="TRANSFER", value_date=make.TODAY, posted_at=make.NOW
    )


def write(*legs: tuple[int, int, str]) -> Posting:
    """Write a posting leg by leg, past the operations; commit."""
    with transaction.atomic():
        posting = new_posting()
        for account_id, amount, currency in legs:
            new_leg(posting, account_id, amount, currency)
    return posting


def new_leg(posting: Posting, account_id: int, amount: int, currency: str = "TWD") -> Leg:
    return Leg.objects.create(
        posting=posting, account_id=account_id, amount=Decimal(amount), currency=currency
    )


@pytest.mark.req("TRF-3")
def test_legs_that_do_not_sum_to_zero_are_refused_at_commit(books: tuple[int, int]) -> None:
    source, target = books
    with pytest.raises(IntegrityError, match="do not sum to zero"):
        write((source, -5, "TWD"), (target, 6, "TWD"))
    assert not Posting.objects.filter(reference="T9").exists()


@pytest.mark.req("TRF-3")
def test_each_currency_must_sum_to_zero(books: tuple[int, int]) -> None:
    dollars = make.act(operations.own_account, purpose=OwnPurpose.CASH, currency="USD")
    with pytest.raises(IntegrityError, match="do not sum to zero"):
        write((books[0], -5, "TWD"), (dollars, 5, "USD"))


def test_a_posting_without_legs_is_refused_at_commit(books: tuple[int, int]) -> None:
    with pytest.raises(IntegrityError, match="has no legs"):
        write()


def test_legs_written_in_several_statements_are_judged_together(books: tuple[int, int]) -> None:
    source, target = books
    with transaction.atomic():
        posting = new_posting()
        new_leg(posting, source, -5)
        with transaction.atomic():
            new_leg(posting, target, 5)
    assert Leg.objects.filter(posting=posting).count() == 2


def test_a_posting_takes_no_more_legs_later(books: tuple[int, int]) -> None:
    source, target = books
    old = Posting.objects.get(reference="T1")
    with pytest.raises(IntegrityError, match="no more legs"), transaction.atomic():
        Leg.objects.bulk_create(
            Leg(posting=old, account_id=account_id, amount=Decimal(amount), currency="TWD")
            for account_id, amount in [(source, -5), (target, 5)]
        )


def test_a_leg_is_in_its_accounts_currency(books: tuple[int, int]) -> None:
    source, target = books
    with pytest.raises(IntegrityError, match="account's currency"):
        write((source, -5, "USD"), (target, 5, "USD"))


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("table", FINAL)
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_the_application_may_not_change_what_is_posted(
    books: tuple[int, int], table: str, act: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        connection.cursor() as cursor,
    ):
        cursor.execute(act.format(table))


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("table", FINAL)
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_not_even_the_owner_changes_what_is_posted(
    books: tuple[int, int], owner_cursor: psycopg.Cursor, table: str, act: str
) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="its rows are final"):
        owner_cursor.execute(act.format(table))


@pytest.mark.parametrize("table", KEPT)
@pytest.mark.parametrize("act", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_accounts_and_holds_are_never_removed(
    books: tuple[int, int], owner_cursor: psycopg.Cursor, table: str, act: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        connection.cursor() as cursor,
    ):
        cursor.execute(act.format(table))
    with pytest.raises(psycopg.errors.RestrictViolation, match="is refused"):
        owner_cursor.execute(act.format(table))


def test_a_closed_account_and_an_ended_hold_are_final(books: tuple[int, int]) -> None:
    source, target = books
    make.transfer("T2", target, source, 40)
    operations.close_account(account_id=target, actor="system", reason="asked", now=make.NOW)
    make.act(operations.release_hold, key="R1-1")
    with pytest.raises(IntegrityError, match="is refused"):
        Account.objects.filter(pk=target).update(state="OPEN")
    with pytest.raises(IntegrityError, match="is refused"):
        Hold.objects.filter(key="R1-1").update(state="HELD", ended_at=None)


@pytest.mark.parametrize(
    "change",
    [
        {"balance": -1, "held": 0},
        {"held": -1},
        {"held": 61},
        {"number": "000000000999"},
        {"currency": "USD"},
        {"state": "CLOSED"},
        {"kind": "CLEARING", "company": None},
    ],
    ids=lambda change: " ".join(change),
)
def test_an_account_keeps_its_identity_and_covers_its_holds(
    books: tuple[int, int], change: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        Account.objects.filter(pk=books[0]).update(**change)


@pytest.mark.parametrize("change", [{"amount": 11}, {"key": "R2"}, {"state": "RELEASED"}])
def test_a_hold_keeps_its_amount_and_key_and_ends_with_a_time(
    books: tuple[int, int], change: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        Hold.objects.filter(key="R1-1").update(**change)


@pytest.mark.parametrize("number", ["12345678901", "1234567890123", "12345678901A"])
def test_an_account_number_is_twelve_digits(db: None, number: str) -> None:
    owner = make.company()
    with (
        pytest.raises((IntegrityError, DataError), match=r"ledger_account_number|too long"),
        transaction.atomic(),
    ):
        Account.objects.create(
            number=number, company=owner, kind="CUSTOMER", currency="TWD",
            name="Wrong", opened_at=make.NOW,
        )  # fmt: skip


def test_only_the_banks_own_accounts_have_no_company_and_store_no_balance(db: None) -> None:
    facts = {"currency": "TWD", "name": "Wrong", "opened_at": make.NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(number="000000000001", kind="CUSTOMER", **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(number="000000000001", kind="CLEARING", balance=5, **facts)
    with pytest.raises(IntegrityError), transaction.atomic():
        Account.objects.create(
            number="000000000001", kind="INTERNAL", company=make.company(), **facts
        )
