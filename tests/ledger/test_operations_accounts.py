"""Accounts are opened and closed, funds are held and given back."""

from __future__ import annotations

import pytest
from django.db import transaction

from audit.models import Entry
from ledger import operations, queries
from ledger.errors import (
    AccountInUse,
    AccountNotOpen,
    AlreadyHeld,
    AmountNotPositive,
    CurrencyMismatch,
    HoldEnded,
    InsufficientFunds,
    NumberTaken,
    UnknownAccount,
)
from ledger.models import Account, Hold
from ledger.policies import AccountKind, OwnPurpose
from tests.factories import ledger as make
from tests.ledger.steps import close, freeze, hold, own

pytestmark = pytest.mark.django_db


# --- opening and closing -----------------------------------------------------------------------
@pytest.mark.req("TRF-3")
def test_an_opening_balance_comes_from_the_banks_cash_by_double_entry() -> None:
    account_id = make.account(make.company(), 5_000)
    assert make.stored(account_id) == (5_000, 0)
    cash = queries.own_account(OwnPurpose.CASH, "TWD")
    assert cash is not None
    assert cash.balance == -5_000
    assert Account.objects.get(pk=cash.id).balance == 0
    assert list(queries.verify()) == []


@pytest.mark.req("AUD-1")
def test_opening_freezing_and_closing_are_in_the_companys_audit_chain() -> None:
    account_id = make.account(make.company("12345675"), number="000123456789")
    freeze(account_id)
    operations.unfreeze_account(account_id=account_id, actor="UBANK", reason="lifted", now=make.NOW)
    close(account_id)
    entries = Entry.objects.filter(target="account:000123456789").order_by("position")
    assert [(entry.event, entry.reason) for entry in entries] == [
        ("ledger.account.opened", ""),
        ("ledger.account.frozen", "court order"),
        ("ledger.account.unfrozen", "lifted"),
        ("ledger.account.closed", "asked"),
    ]
    assert {entry.chain for entry in entries} == {"company:12345675"}
    last = entries[3]
    assert (last.before, last.after) == ({"state": "OPEN"}, {"state": "CLOSED"})


def test_an_account_number_is_given_once() -> None:
    owner = make.company()
    make.account(owner, number="000123456789")
    with pytest.raises(NumberTaken):
        make.account(owner, number="000123456789")


def test_an_opening_balance_is_not_negative() -> None:
    with pytest.raises(AmountNotPositive):
        make.account(make.company(), -1)


def test_an_account_with_money_or_holds_is_not_closed() -> None:
    account_id = make.account(make.company(), 10)
    with pytest.raises(AccountInUse):
        close(account_id)
    assert Account.objects.get(pk=account_id).state == "OPEN"


def test_the_banks_own_accounts_are_opened_once_and_never_frozen_or_closed() -> None:
    clearing = own(OwnPurpose.CLEARING)
    assert own(OwnPurpose.CLEARING) == clearing
    assert own(OwnPurpose.CLEARING, "USD") != clearing
    assert Account.objects.get(pk=clearing).kind == AccountKind.CLEARING
    with pytest.raises(UnknownAccount):
        freeze(clearing)
    with pytest.raises(UnknownAccount):
        close(clearing)


def test_the_bank_may_open_further_accounts_of_its_own() -> None:
    operations.open_account(
        number="000900000001", company_id=None, currency="TWD", name="Suspense",
        kind=AccountKind.INTERNAL, actor="system", now=make.NOW,
    )  # fmt: skip
    assert Entry.objects.get(target="account:000900000001").chain == "bank"


# --- holds -------------------------------------------------------------------------------------
@pytest.mark.req("LIM-2")
def test_held_funds_are_not_available_until_released() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    hold(source, 70)
    assert make.stored(source) == (100, 70)
    with pytest.raises(InsufficientFunds) as refused:
        make.transfer("T1", source, target, 31)
    assert refused.value.facts["available"] == "TWD 30"
    make.act(operations.release_hold, key="R1-1")
    make.transfer("T1", source, target, 31)
    assert make.stored(source) == (69, 0)


@pytest.mark.req("LIM-2")
def test_a_hold_takes_what_is_available_to_the_last_dollar_and_no_further() -> None:
    account_id = make.account(make.company(), 100)
    hold(account_id, 60, "R1-1")
    hold(account_id, 40, "R2-1")
    with pytest.raises(InsufficientFunds) as refused:
        hold(account_id, 1, "R3-1")
    assert refused.value.facts["available"] == "TWD 0"
    assert refused.value.status == 422
    assert make.stored(account_id) == (100, 100)


@pytest.mark.req("TRF-8")
def test_a_hold_is_placed_once_per_key_and_a_repeat_changes_nothing() -> None:
    account_id = make.account(make.company(), 100)
    hold(account_id, 10)
    with transaction.atomic():
        with pytest.raises(AlreadyHeld):
            operations.place_hold(
                account_id=account_id, money=make.twd(10), key="R1-1", now=make.NOW
            )
        assert make.stored(account_id) == (100, 10)
    assert list(queries.verify()) == []


@pytest.mark.req("TRF-6")
def test_a_refused_hold_tells_why() -> None:
    owner = make.company()
    frozen, closed, dollars = (
        make.account(owner, 100),
        make.account(owner),
        make.account(owner, 100, currency="USD"),
    )
    freeze(frozen)
    close(closed)
    with pytest.raises(AccountNotOpen) as refused:
        hold(frozen, 1)
    assert refused.value.facts["state"] == "FROZEN"
    with pytest.raises(AccountNotOpen) as refused:
        hold(closed, 1)
    assert refused.value.facts["state"] == "CLOSED"
    with pytest.raises(CurrencyMismatch) as mismatch:
        hold(dollars, 1)
    assert mismatch.value.facts["currency"] == "USD"
    with pytest.raises(UnknownAccount):
        hold(0, 1)
    with pytest.raises(UnknownAccount):
        hold(own(OwnPurpose.CASH), 1)
    with pytest.raises(AmountNotPositive):
        hold(frozen, 0)
    assert not Hold.objects.exists()


def test_releasing_an_unknown_or_ended_hold_is_a_conflict() -> None:
    account_id = make.account(make.company(), 100)
    with pytest.raises(HoldEnded):
        make.act(operations.release_hold, key="R1-1")
    hold(account_id, 10)
    make.act(operations.release_hold, key="R1-1")
    with pytest.raises(HoldEnded):
        make.act(operations.release_hold, key="R1-1")
    assert make.stored(account_id) == (100, 0)


def test_a_frozen_account_can_still_be_given_its_holds_back() -> None:
    account_id = make.account(make.company(), 100)
    hold(account_id, 10)
    freeze(account_id)
    make.act(operations.release_hold, key="R1-1")
    assert make.stored(account_id) == (100, 0)
