"""Does the rule of double entry allow it? Pure functions over plain facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from kernel.money import Money
from ledger.errors import (
    AccountNotOpen,
    CurrencyMismatch,
    InsufficientFunds,
    Unbalanced,
    UnknownAccount,
)
from ledger.gateways import LegLine
from ledger.states import AccountState

ZERO = Decimal(0)
# The largest batch is 10,000 lines of two legs; twice that is room enough and still one statement.
MOST_LEGS = 40_000


class AccountKind(StrEnum):
    """Say whose account it is; only customers' accounts store a balance, others roll up legs."""

    CUSTOMER = "CUSTOMER"
    CLEARING = "CLEARING"
    INTERNAL = "INTERNAL"


class AccountFunction(StrEnum):
    """Name what a person may be allowed to do with one account (ENT-3)."""

    INQUIRE = "inquire"
    EDIT_TRANSFER = "edit_transfer"
    REVIEW_TRANSFER = "review_transfer"
    RELEASE_TRANSFER = "release_transfer"


class OwnPurpose(StrEnum):
    """Name what the bank keeps an account of its own for, one per currency."""

    CASH = "CASH"
    CLEARING = "CLEARING"
    FEES = "FEES"


# ISO 4217 numeric codes, as the bank's own account numbers carry them.
CURRENCY_NUMBERS = {
    "TWD": "901", "JPY": "392", "USD": "840", "EUR": "978",
    "CNY": "156", "HKD": "344", "GBP": "826", "AUD": "036",
}  # fmt: skip
PURPOSE_NUMBERS = {
    OwnPurpose.CASH: "000001",
    OwnPurpose.CLEARING: "000002",
    OwnPurpose.FEES: "000003",
}
PURPOSE_KINDS = {
    OwnPurpose.CASH: AccountKind.INTERNAL,
    OwnPurpose.CLEARING: AccountKind.CLEARING,
    OwnPurpose.FEES: AccountKind.INTERNAL,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Tell how one account stands at the moment of judging; amounts in its own currency."""

    id: int
    number: str
    kind: str
    currency: str
    state: str
    balance: Decimal
    held: Decimal


def own_account_number(purpose: OwnPurpose, currency: str) -> str:
    """Return the number of the bank's own account for a purpose and currency: 12 digits."""
    return f"000{CURRENCY_NUMBERS[currency]}{PURPOSE_NUMBERS[purpose]}"


def check_legs(legs: Sequence[LegLine]) -> None:
    """Insist on a double entry: two legs or more, none zero, each currency summing to zero.

    Raises Unbalanced; ValueError where an amount has more decimals than its currency.
    """
    totals: dict[str, Decimal] = {}
    for leg in legs:
        totals[leg.currency] = totals.get(leg.currency, ZERO) + leg.amount
        Money(leg.amount, leg.currency).quantised()
    if any(totals.values()) or not all(leg.amount for leg in legs):
        raise Unbalanced
    if not 2 <= len(legs) <= MOST_LEGS:
        raise Unbalanced


def changes(legs: Iterable[LegLine]) -> dict[int, Decimal]:
    """Return the sum of the legs of each account."""
    totals: dict[int, Decimal] = {}
    for leg in legs:
        totals[leg.account_id] = totals.get(leg.account_id, ZERO) + leg.amount
    return totals


def check_posting(
    standings: Mapping[int, Standing],
    legs: Sequence[LegLine],
    freed: Mapping[int, Decimal],
    *,
    reversing: bool,
) -> None:
    """Insist that every account takes its legs; `freed` is what a consumed hold gives back (TRF-6).

    Money that comes back by a reversal may reach a frozen account, so that it is never stuck
    on the way (TRF-3). Raises UnknownAccount, AccountNotOpen, CurrencyMismatch, InsufficientFunds.
    """
    for leg in legs:
        standing = standings.get(leg.account_id)
        if standing is None:
            raise UnknownAccount
        returning = reversing and leg.amount > 0 and standing.state == AccountState.FROZEN
        if standing.state != AccountState.OPEN and not returning:
            raise AccountNotOpen(number=standing.number, state=standing.state)
        if leg.currency != standing.currency:
            raise CurrencyMismatch(number=standing.number, currency=standing.currency)
    for account_id, change in changes(legs).items():
        standing = standings[account_id]
        available = standing.balance - standing.held + freed.get(account_id, ZERO)
        if standing.kind == AccountKind.CUSTOMER and change < 0 and available + change < 0:
            raise insufficient(standing.number, available, standing.currency)


def insufficient(number: str, available: Decimal, currency: str) -> InsufficientFunds:
    """Return the refusal that tells what is available."""
    return InsufficientFunds(number=number, available=str(Money(available, currency)))


def balances_after(
    standings: Mapping[int, Standing], legs: Sequence[LegLine]
) -> list[Decimal | None]:
    """Return the running balance after each leg, None where the account stores no balance."""
    running = {
        account_id: standing.balance
        for account_id, standing in standings.items()
        if standing.kind == AccountKind.CUSTOMER
    }
    after: list[Decimal | None] = []
    for leg in legs:
        if leg.account_id in running:
            running[leg.account_id] += leg.amount
        after.append(running.get(leg.account_id))
    return after


def closing_balances(
    balance: Decimal, by_date: Mapping[date, Decimal], *, last: date, days: int
) -> list[tuple[date, Decimal]]:
    """Return the closing balance of each of `days` dates up to `last`, oldest first.

    `balance` is the balance now and `by_date` the sum of legs per date; dates after `last`
    count as moved since then.
    """
    closing = balance - sum((sum_ for day, sum_ in by_date.items() if day > last), ZERO)
    found = []
    for back in range(days):
        day = last - timedelta(days=back)
        found.append((day, closing))
        closing -= by_date.get(day, ZERO)
    return found[::-1]
