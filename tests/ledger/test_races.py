"""Many people at once: nothing is lost, doubled or stuck."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import Sum

from kernel.errors import DomainError
from ledger import operations, queries
from ledger.errors import AlreadyHeld, AlreadyPosted, HoldEnded, InsufficientFunds
from ledger.models import Account, Hold, Posting
from ledger.policies import OwnPurpose
from tests.factories import ledger as make

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 8


def at_once(acts: list[Callable[[], object]]) -> list[object]:
    """Run the acts on eight threads that start together; return what each gave or refused."""
    start = threading.Barrier(min(THREADS, len(acts)))
    waited = threading.local()

    def run(act: Callable[[], object]) -> object:
        if not hasattr(waited, "done"):
            waited.done = True
            start.wait(timeout=30)
        try:
            return act()
        except DomainError as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(min(THREADS, len(acts))) as pool:
        return list(pool.map(run, acts))


@pytest.mark.req("TRF-3")
def test_forty_opposite_transfers_neither_deadlock_nor_change_the_sum() -> None:
    owner = make.company()
    accounts = [make.account(owner, 1_000), make.account(owner, 1_000)]

    def move(index: int) -> Callable[[], object]:
        source, target = accounts if index % 2 else accounts[::-1]
        return lambda: make.transfer(f"T{index}", source, target, 1 + index)

    results = at_once([move(index) for index in range(40)])
    assert all(isinstance(result, int) for result in results)
    total = Account.objects.filter(pk__in=accounts).aggregate(total=Sum("balance"))["total"]
    assert total == 2_000
    # Twenty odd indices moved 20 more in sum than twenty even ones.
    assert make.stored(accounts[0])[0] == 980
    assert list(queries.verify()) == []


@pytest.mark.req("TRF-3", "TRF-8")
def test_the_same_posting_from_eight_sides_moves_the_money_once() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)
    make.act(operations.place_hold, account_id=source, money=make.twd(60), key="R1-1")
    results = at_once([lambda: make.transfer("T1", source, target, 60, hold_key="R1-1")] * THREADS)
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, AlreadyPosted) for result in results) == THREADS - 1
    assert make.stored(source) == (40, 0)


@pytest.mark.req("TRF-3")
def test_the_same_posting_between_the_banks_own_accounts_is_posted_once() -> None:
    cash = make.act(operations.own_account, purpose=OwnPurpose.CASH, currency="TWD")
    fees = make.act(operations.own_account, purpose=OwnPurpose.FEES, currency="TWD")
    results = at_once([lambda: make.transfer("T1", cash, fees, 5)] * THREADS)
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, AlreadyPosted) for result in results) == THREADS - 1
    assert Posting.objects.count() == 1


@pytest.mark.req("LIM-2")
def test_holds_never_exceed_the_balance_under_any_concurrency() -> None:
    account_id = make.account(make.company(), 100)

    def hold(index: int) -> Callable[[], object]:
        key = f"R{index}"
        return lambda: make.act(
            operations.place_hold, account_id=account_id, money=make.twd(15), key=key
        )

    results = at_once([hold(index) for index in range(24)])
    assert sum(result is None for result in results) == 6
    assert sum(isinstance(result, InsufficientFunds) for result in results) == 18
    assert make.stored(account_id) == (100, 90)
    assert list(queries.verify()) == []


@pytest.mark.req("LIM-2", "TRF-8")
def test_the_same_hold_from_eight_sides_is_placed_once() -> None:
    account_id = make.account(make.company(), 100)
    results = at_once(
        [
            lambda: make.act(
                operations.place_hold, account_id=account_id, money=make.twd(10), key="R1-1"
            )
        ]
        * THREADS
    )
    assert sum(isinstance(result, AlreadyHeld) for result in results) == THREADS - 1
    assert make.stored(account_id) == (100, 10)


@pytest.mark.req("LIM-2")
def test_a_hold_is_consumed_or_released_but_not_both() -> None:
    owner = make.company()
    source, target = make.account(owner, 1_000), make.account(owner)
    for index in range(8):
        make.act(operations.place_hold, account_id=source, money=make.twd(10), key=f"R{index}")

    def consume(index: int) -> Callable[[], object]:
        return lambda: make.transfer(f"T{index}", source, target, 10, hold_key=f"R{index}")

    def release(index: int) -> Callable[[], object]:
        return lambda: make.act(operations.release_hold, key=f"R{index}")

    results = at_once([act(index) for index in range(8) for act in (consume, release)])
    assert sum(isinstance(result, HoldEnded) for result in results) == 8
    consumed = Hold.objects.filter(state="CONSUMED").count()
    assert make.stored(source) == (1_000 - 10 * consumed, 0)
    assert make.stored(target)[0] == Decimal(10 * consumed)
    assert list(queries.verify()) == []


@pytest.mark.req("TRF-3")
def test_the_banks_own_account_is_opened_once_by_many() -> None:
    def opened() -> int:
        return make.act(operations.own_account, purpose=OwnPurpose.CLEARING, currency="USD")

    results = at_once([opened] * THREADS)
    assert len(set(results)) == 1
    assert Account.objects.count() == 1


@pytest.mark.req("TRF-6")
def test_an_account_closing_meanwhile_takes_no_money() -> None:
    owner = make.company()
    source, target = make.account(owner, 100), make.account(owner)

    def close() -> None:
        operations.close_account(account_id=target, actor="system", reason="asked", now=make.NOW)

    results = at_once([close, lambda: make.transfer("T1", source, target, 5)])
    assert sum(isinstance(result, DomainError) for result in results) == 1
    row = Account.objects.get(pk=target)
    assert (row.state, row.balance) in {("CLOSED", 0), ("OPEN", 5)}
