"""Can money go from here to there?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from kernel.clock import business_date
from ledger import queries as ledger
from ledger.errors import UnknownAccount
from ledger.gateways import AccountFacts, core_host
from ledger.policies import AccountFunction, AccountKind
from ledger.states import AccountState
from transfers.errors import (
    AccountBlocked,
    NoRightOnAccount,
    PayeeCurrency,
    PayeeUnknown,
    SameAccount,
    WrongDate,
)
from transfers.policies import executable_on


@dataclass(frozen=True, slots=True)
class Route:
    """Name the two accounts of a transfer."""

    source: AccountFacts
    target: AccountFacts


def check_route(
    *,
    user_id: int,
    from_account: str,
    payee_account: str,
    currency: str,
    value_date: date,
    now: datetime,
) -> Route:
    """Return the accounts of a transfer that this person may make (TRF-1, TRF-6).

    Raises NoRightOnAccount, and what `judge_route` raises.
    """
    try:
        source = ledger.account_for(user_id, from_account, AccountFunction.EDIT_TRANSFER, now=now)
    except UnknownAccount:
        raise NoRightOnAccount() from None
    target = core_host().account(payee_account)
    judge_route(source, target, currency, value_date, now)
    assert target is not None  # noqa: S101 - judge_route refuses None
    return Route(source, target)


def judge_route(
    source: AccountFacts,
    target: AccountFacts | None,
    currency: str,
    value_date: date,
    now: datetime,
) -> None:
    """Insist that money may go from one account to the other on this date.

    Raises AccountBlocked, PayeeUnknown, PayeeCurrency, SameAccount, WrongDate.
    """
    if source.state != AccountState.OPEN:
        raise AccountBlocked()
    if target is None or target.kind != AccountKind.CUSTOMER or target.state != AccountState.OPEN:
        raise PayeeUnknown()
    if target.id == source.id:
        raise SameAccount()
    if target.currency != source.currency or currency != source.currency:
        raise PayeeCurrency(currency=target.currency)
    if not executable_on(value_date, business_date(now)):
        raise WrongDate()
