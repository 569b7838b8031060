"""What the rules of double entry say, without a database."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from kernel.money import DECIMALS
from ledger.errors import (
    AccountNotOpen,
    CurrencyMismatch,
    InsufficientFunds,
    Unbalanced,
    UnknownAccount,
)
from ledger.gateways import LegLine
from ledger.policies import (
    AccountKind,
    OwnPurpose,
    Standing,
    balances_after,
    changes,
    check_legs,
    check_posting,
    closing_balances,
    own_account_number,
)
from ledger.states import AccountState


def standing(number: int, balance: int = 0, **facts: object) -> Standing:
    values: dict[str, object] = {
        "id": number,
        "number": f"{number:012d}",
        "kind": AccountKind.CUSTOMER,
        "currency": "TWD",
        "state": AccountState.OPEN,
        "balance": Decimal(balance),
        "held": Decimal(0),
    }
    return Standing(**{**values, **facts})  # type: ignore[arg-type]


def line(account_id: int, amount: int | str, currency: str = "TWD") -> LegLine:
    return LegLine(account_id, Decimal(amount), currency)


def judge(standings: list[Standing], legs: list[LegLine], **facts: object) -> None:
    freed = facts.pop("freed", {})
    reversing = bool(facts.pop("reversing", False))
    by_id = {one.id: one for one in standings}
    check_posting(by_id, legs, freed, reversing=reversing)  # type: ignore[arg-type]


@pytest.mark.req("TRF-3")
def test_two_legs_that_sum_to_zero_are_a_posting() -> None:
    legs = [line(1, -5), line(2, 5)]
    check_legs(legs)
    assert changes(legs) == {1: Decimal(-5), 2: Decimal(5)}


@pytest.mark.req("TRF-3")
@pytest.mark.parametrize(
    "legs",
    [
        [],
        [line(1, 0)],
        [line(1, 5)],
        [line(1, -5), line(2, 4)],
        [line(1, -5), line(2, 5), line(3, 0)],
        [line(1, -5), line(2, 5, "JPY")],
    ],
    ids=["none", "one of zero", "one", "uneven", "a leg of zero", "two currencies"],
)
def test_what_does_not_balance_is_no_posting(legs: list[LegLine]) -> None:
    with pytest.raises(Unbalanced):
        check_legs(legs)


def test_amounts_have_no_more_decimals_than_their_currency() -> None:
    check_legs([line(1, "-0.05", "USD"), line(2, "0.05", "USD")])
    with pytest.raises(ValueError, match="decimals"):
        check_legs([line(1, "-0.5"), line(2, "0.5")])


@pytest.mark.req("TRF-6")
def test_available_funds_may_be_spent_to_the_last_dollar_and_no_further() -> None:
    accounts = [standing(1, 100, held=Decimal(40)), standing(2)]
    judge(accounts, [line(1, -60), line(2, 60)])
    with pytest.raises(InsufficientFunds) as refused:
        judge(accounts, [line(1, -61), line(2, 61)])
    assert refused.value.facts["available"] == "TWD 60"


@pytest.mark.req("LIM-2")
def test_a_consumed_hold_gives_its_amount_to_the_posting() -> None:
    accounts = [standing(1, 100, held=Decimal(100)), standing(2)]
    judge(accounts, [line(1, -100), line(2, 100)], freed={1: Decimal(100)})
    with pytest.raises(InsufficientFunds):
        judge(accounts, [line(1, -100), line(2, 100)], freed={1: Decimal(99)})


def test_the_banks_own_accounts_may_go_below_zero() -> None:
    clearing = standing(1, kind=AccountKind.CLEARING)
    judge([clearing, standing(2)], [line(1, -7), line(2, 7)])


@pytest.mark.req("TRF-6")
@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.CLOSED])
@pytest.mark.parametrize("frozen", [1, 2])
def test_no_money_leaves_or_reaches_an_account_that_is_not_open(
    state: AccountState, frozen: int
) -> None:
    accounts = [standing(1, 100), standing(2)]
    accounts[frozen - 1] = standing(frozen, 100, state=state)
    with pytest.raises(AccountNotOpen):
        judge(accounts, [line(1, -5), line(2, 5)])


@pytest.mark.req("TRF-3")
def test_money_that_comes_back_reaches_a_frozen_account_but_not_a_closed_one() -> None:
    clearing = standing(1, kind=AccountKind.CLEARING)
    legs = [line(1, -5), line(2, 5)]
    judge([clearing, standing(2, state=AccountState.FROZEN)], legs, reversing=True)
    with pytest.raises(AccountNotOpen):
        judge([clearing, standing(2, state=AccountState.CLOSED)], legs, reversing=True)


def test_unknown_accounts_and_foreign_currencies_are_refused() -> None:
    with pytest.raises(UnknownAccount):
        judge([standing(1, 100)], [line(1, -5), line(2, 5)])
    with pytest.raises(CurrencyMismatch):
        judge(
            [standing(1, 100, currency="USD"), standing(2, currency="USD")],
            [line(1, -5), line(2, 5)],
        )


def test_balances_after_run_leg_by_leg_and_only_for_customers() -> None:
    standings = {1: standing(1, 100), 2: standing(2, kind=AccountKind.CLEARING)}
    after = balances_after(standings, [line(1, -10), line(2, 10), line(1, -5), line(2, 5)])
    assert after == [Decimal(90), None, Decimal(85), None]


def test_own_account_numbers_are_twelve_digits_and_differ() -> None:
    numbers = {own_account_number(p, c) for p in OwnPurpose for c in DECIMALS}
    assert len(numbers) == len(OwnPurpose) * len(DECIMALS)
    assert all(len(number) == 12 and number.isdigit() for number in numbers)


@given(
    st.lists(st.integers(-1000, 1000), min_size=1, max_size=30),
    st.integers(-(10**6), 10**6),
    st.integers(1, 40),
)
def test_closing_balances_are_the_running_sum_of_the_days(
    moved: list[int], start: int, days: int
) -> None:
    last = date(2026, 11, 23)
    by_date = {
        last - timedelta(days=len(moved) - 1 - index): Decimal(amount)
        for index, amount in enumerate(moved)
    }
    found = closing_balances(Decimal(start + sum(moved)), by_date, last=last, days=days)
    assert [day for day, _ in found] == [
        last - timedelta(days=back) for back in range(days - 1, -1, -1)
    ]
    for day, balance in found:
        assert balance == start + sum(total for when, total in by_date.items() if when <= day)


def test_what_moved_after_the_last_day_is_not_in_its_closing_balance() -> None:
    last = date(2026, 11, 22)
    by_date = {date(2026, 11, 23): Decimal(30)}
    assert closing_balances(Decimal(100), by_date, last=last, days=1) == [(last, Decimal(70))]
