"""Worked stories of accounts: opening, holding, posting, coming back."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.errors import OutsideTransaction
from kernel.errors import Conflict, NotFound, RuleBroken
from ledger import operations, queries
from ledger.errors import (
    AccountNotOpen,
    AlreadyPosted,
    CurrencyMismatch,
    HoldEnded,
    InsufficientFunds,
    Unbalanced,
    UnknownAccount,
    UnknownPosting,
)
from ledger.gateways import LegLine
from ledger.models import Account, Hold, Leg, Posting
from ledger.policies import OwnPurpose
from tests.factories import ledger as make
from tests.ledger.steps import close, freeze, hold, own

pytestmark = pytest.mark.django_db


# --- posting -----------------------------------------------------------------------------------
@pytest.mark.req("TRF-3")
def test_a_transfer_debits_one_account_and_credits_the_other() -> None:
    owner = make.company()
    source, target = make.account(owner, 1_000), make.account(owner, 50)
    posting_id = make.transfer("T1", source, target, 300)
    assert make.stored(source) == (700, 0)
    assert make.stored(target) == (350, 0)
    rows = Leg.objects.filter(posting=posting_id).order_by("pk")
    assert [(leg.account_id, leg.amount, leg.balance_after) for leg in rows] == [
        (source, -300, 700),
        (target, 300, 350),
    ]
    assert queries.posting_id("T1") == posting_id
    assert queries.posting_id("T2") is None


@pytest.mark.req("TRF-3", "LIM-2")
def test_a_posting_consumes_its_hold_and_leaves_other_holds() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    hold(source, 60, "R1-1")
    hold(source, 40, "R2-1")
    make.transfer("T1", source, target, 60, hold_key="R1-1")
    assert make.stored(source) == (40, 40)
    ended = Hold.objects.get(key="R1-1")
    assert (ended.state, ended.ended_at) == ("CONSUMED", make.NOW)
    assert Hold.objects.get(key="R2-1").state == "HELD"


def test_a_hold_larger_than_its_posting_gives_the_rest_back() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    hold(source, 65)
    make.transfer("T1", source, target, 60, hold_key="R1-1")
    assert make.stored(source) == (40, 0)


def test_a_posting_cannot_consume_another_accounts_hold() -> None:
    owner = make.company()
    source, target, third = (make.account(owner, 100) for _ in range(3))
    hold(third, 60)
    with pytest.raises(HoldEnded):
        make.transfer("T1", source, target, 60, hold_key="R1-1")
    assert make.stored(third) == (100, 60)
    assert make.stored(source) == (100, 0)


@pytest.mark.req("TRF-3")
def test_an_interbank_transfer_goes_through_clearing_with_a_fee_for_the_bank() -> None:
    source = make.account(make.company(), 1_000)
    clearing, fees = own(OwnPurpose.CLEARING), own(OwnPurpose.FEES)
    legs = [
        LegLine(source, Decimal(-515), "TWD"),
        LegLine(clearing, Decimal(500), "TWD"),
        LegLine(fees, Decimal(15), "TWD"),
    ]
    make.act(
        operations.post, reference="T1", kind="INTERBANK", value_date=make.TODAY,
        narrative="", legs=legs, hold_key=None,
    )  # fmt: skip
    assert make.stored(source) == (485, 0)
    assert make.stored(clearing) == (0, 0)
    assert queries.own_account(OwnPurpose.CLEARING, "TWD").balance == 500
    assert queries.own_account(OwnPurpose.FEES, "TWD").balance == 15
    assert list(queries.verify()) == []


@pytest.mark.req("TRF-3", "TRF-8")
def test_the_same_reference_is_posted_exactly_once() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    hold(source, 90)
    make.transfer("T1", source, target, 90, hold_key="R1-1")
    with pytest.raises(AlreadyPosted) as again:
        make.transfer("T1", source, target, 90, hold_key="R1-1")
    assert again.value.status == 409
    with pytest.raises(AlreadyPosted):
        make.transfer("T1", source, target, 5)
    with pytest.raises(AlreadyPosted):
        make.transfer("T1", source, target, 95)
    assert make.stored(source) == (10, 0)
    assert Posting.objects.filter(reference="T1").count() == 1


@pytest.mark.req("TRF-6")
def test_a_refused_posting_leaves_no_trace_even_when_the_caller_goes_on() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    hold(source, 50)
    with transaction.atomic():
        with pytest.raises(InsufficientFunds):
            operations.post(
                reference="T1", kind="TRANSFER", value_date=make.TODAY, narrative="",
                legs=make.legs(source, target, 101), hold_key="R1-1", now=make.NOW,
            )  # fmt: skip
        connection.check_constraints()
    assert queries.posting_id("T1") is None
    assert make.stored(source) == (100, 50)
    assert Hold.objects.get(key="R1-1").state == "HELD"


@pytest.mark.req("TRF-6")
def test_frozen_closed_unknown_and_foreign_accounts_refuse_postings() -> None:
    owner = make.company()
    source, frozen, closed = (
        make.account(owner, 100),
        make.account(owner, 100),
        make.account(owner),
    )
    dollars = make.account(owner, 100, currency="USD")
    freeze(frozen)
    close(closed)
    for refused, error in [
        (frozen, AccountNotOpen),
        (closed, AccountNotOpen),
        (dollars, CurrencyMismatch),
        (0, UnknownAccount),
    ]:
        with pytest.raises(error):
            make.transfer("T1", source, refused, 5)
        with pytest.raises(error):
            make.transfer("T1", refused, source, 5)
    with pytest.raises(Unbalanced):
        make.act(
            operations.post, reference="T1", kind="TRANSFER", value_date=make.TODAY,
            narrative="", legs=make.legs(source, frozen, 5)[:1], hold_key=None,
        )  # fmt: skip
    assert make.stored(source) == (100, 0)
    assert queries.posting_id("T1") is None


def test_currencies_balance_each_for_itself() -> None:
    owner = make.company()
    dollars, more = (
        make.account(owner, "10.50", currency="USD"),
        make.account(owner, currency="USD"),
    )
    source, target = make.account(owner, 100), make.account(owner)
    both = [*make.legs(dollars, more, "10.25", "USD"), *make.legs(source, target, 40)]
    make.act(
        operations.post, reference="T1", kind="TRANSFER", value_date=make.TODAY,
        narrative="", legs=both, hold_key=None,
    )  # fmt: skip
    assert make.stored(dollars) == (Decimal("0.25"), 0)
    assert make.stored(target) == (40, 0)


def test_a_batch_posts_many_lines_in_the_statements_of_one() -> None:
    owner = make.company()
    source = make.account(owner, 1_000)
    targets = [make.account(owner) for _ in range(12)]

    def post(reference: str, payees: list[int]) -> int:
        legs = [leg for payee in payees for leg in make.legs(source, payee, 1)]
        with CaptureQueriesContext(connection) as queries_made, transaction.atomic():
            operations.post(
                reference=reference, kind="BATCH", value_date=make.TODAY, narrative="",
                legs=legs, hold_key=None, now=make.NOW,
            )  # fmt: skip
        return len([q for q in queries_made if "SAVEPOINT" not in q["sql"]])

    assert post("B1", targets[:1]) == post("B2", targets) == 2
    assert make.stored(source) == (1_000 - 13, 0)
    assert make.stored(targets[0]) == (2, 0)


def test_a_transfer_from_a_hold_through_clearing_takes_four_statements() -> None:
    source, clearing = make.account(make.company(), 100), own(OwnPurpose.CLEARING)
    hold(source, 10)
    with CaptureQueriesContext(connection) as made:
        make.transfer("T1", source, clearing, 10, hold_key="R1-1")
    assert len([q for q in made if "SAVEPOINT" not in q["sql"]]) == 4


# --- coming back -------------------------------------------------------------------------------
@pytest.mark.req("TRF-3")
def test_a_returned_transfer_is_reversed_once() -> None:
    source, clearing = make.account(make.company(), 100), own(OwnPurpose.CLEARING)
    posting_id = make.transfer("T1", source, clearing, 60)
    back = {"of_reference": "T1", "narrative": "Returned", "value_date": make.TODAY}
    reversal = make.act(operations.reverse, reference="T1-RETURN", **back)
    assert make.stored(source) == (100, 0)
    assert queries.own_account(OwnPurpose.CLEARING, "TWD").balance == 0
    assert Posting.objects.get(pk=reversal).reverses_id == posting_id
    with pytest.raises(AlreadyPosted):
        make.act(operations.reverse, reference="T1-RETURN", **back)
    with pytest.raises(AlreadyPosted):
        make.act(operations.reverse, reference="T1-RETURN-2", **back)
    assert make.stored(source) == (100, 0)


@pytest.mark.req("TRF-3")
def test_returned_money_reaches_an_account_frozen_meanwhile() -> None:
    source, clearing = make.account(make.company(), 100), own(OwnPurpose.CLEARING)
    make.transfer("T1", source, clearing, 60)
    freeze(source)
    make.act(
        operations.reverse, reference="T1-RETURN", of_reference="T1",
        narrative="Returned", value_date=make.TODAY,
    )  # fmt: skip
    assert make.stored(source) == (100, 0)


def test_what_was_never_posted_is_not_reversed() -> None:
    with pytest.raises(UnknownPosting):
        make.act(
            operations.reverse, reference="T1-RETURN", of_reference="T1",
            narrative="", value_date=make.TODAY,
        )  # fmt: skip


# --- locking and steps -------------------------------------------------------------------------
def test_locking_returns_how_customers_accounts_stand() -> None:
    owner = make.company(name="Formosa Trading")
    first, second = make.account(owner, 100), make.account(owner, 5)
    hold(first, 30)
    clearing = own(OwnPurpose.CLEARING)
    found = make.act(
        lambda *, now, **ids: operations.lock_accounts(**ids),
        account_ids=[second, first, clearing],
    )
    assert list(found) == [first, second]
    assert (found[first].available, found[first].company_name) == (70, "Formosa Trading")
    with pytest.raises(UnknownAccount), transaction.atomic():
        operations.lock_accounts(account_ids=[first, 0])


@pytest.mark.django_db(transaction=True)
def test_steps_insist_on_being_part_of_a_larger_act() -> None:
    money, now = make.twd(1), make.NOW
    with pytest.raises(OutsideTransaction):
        operations.place_hold(account_id=1, money=money, key="R1", now=now)
    with pytest.raises(OutsideTransaction):
        operations.release_hold(key="R1", now=now)
    with pytest.raises(OutsideTransaction):
        operations.lock_accounts(account_ids=[1])
    with pytest.raises(OutsideTransaction):
        operations.own_account(purpose=OwnPurpose.CASH, currency="TWD", now=now)
    with pytest.raises(OutsideTransaction):
        operations.freeze_account_step(account_id=1, actor="system", reason="", now=now)
    with pytest.raises(OutsideTransaction):
        operations.grant_right(account_id=1, user_id=1, function="inquire", actor="", now=now)
    with pytest.raises(OutsideTransaction):
        operations.post(
            reference="T1", kind="TRANSFER", value_date=make.TODAY, narrative="",
            legs=make.legs(1, 2, 1), hold_key=None, now=now,
        )  # fmt: skip
    with pytest.raises(OutsideTransaction):
        operations.reverse(
            reference="T2", of_reference="T1", narrative="", value_date=make.TODAY, now=now
        )


@pytest.mark.django_db(transaction=True)
def test_a_door_is_the_whole_transaction_and_refuses_to_be_part_of_another() -> None:
    owner = make.company()
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        make.account(owner)
    assert not Account.objects.exists()


def test_errors_are_of_the_kinds_the_edges_show() -> None:
    assert issubclass(InsufficientFunds, RuleBroken)
    assert issubclass(AlreadyPosted, Conflict)
    assert issubclass(UnknownAccount, NotFound)
    assert "TWD 30" in str(InsufficientFunds(number="000123456789", available="TWD 30"))
