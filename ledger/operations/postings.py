"""Hold and move money: the four steps are read, judge, lock, write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F

from audit import operations as audit
from kernel.errors import DomainError
from kernel.machines import sources
from kernel.money import Money
from ledger import queries
from ledger.errors import (
    AccountNotOpen,
    AlreadyHeld,
    AlreadyPosted,
    AmountNotPositive,
    CurrencyMismatch,
    HoldEnded,
    UnknownAccount,
    UnknownPosting,
)
from ledger.gateways import AccountFacts, LegLine
from ledger.models import Account, Hold, Leg, Posting
from ledger.operations.rows import lock_row
from ledger.policies import (
    ZERO,
    AccountKind,
    Standing,
    balances_after,
    changes,
    check_legs,
    check_posting,
    insufficient,
)
from ledger.states import HOLD_VERBS, AccountState, HoldState

# All that a posting writes, in one statement: where the reference is taken, nothing is written.
# Legs are numbered in the order given; only customers' accounts store a balance.
POST = """
WITH posting AS (
    INSERT INTO ledger_posting (reference, kind, value_date, posted_at, narrative, reverses_id)
    VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING id
), leg AS (
    INSERT INTO ledger_leg (posting_id, account_id, amount, currency, balance_after)
    SELECT posting.id, line.account_id, line.amount, line.currency, line.balance_after
    FROM posting, unnest(%s::bigint[], %s::numeric[], %s::text[], %s::numeric[])
        WITH ORDINALITY AS line(account_id, amount, currency, balance_after, number)
    ORDER BY line.number
), hold AS (
    UPDATE ledger_hold SET state = %s, ended_at = %s FROM posting
    WHERE ledger_hold.id = %s AND ledger_hold.state = ANY(%s)
), account AS (
    UPDATE ledger_account AS account
    SET balance = account.balance + moved.change, held = account.held - moved.freed
    FROM posting, unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS moved(id, change, freed)
    WHERE account.id = moved.id
)
SELECT id FROM posting
"""
INSERT_HOLD = """
INSERT INTO ledger_hold (account_id, amount, key, state, made_at)
VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


def lock_accounts(*, account_ids: Iterable[int]) -> dict[int, AccountFacts]:
    """Lock customers' accounts in order of their id and return how they stand now; a step.

    The bank's own accounts are never locked and not returned. Raises UnknownAccount.
    """
    audit.require_transaction()
    wanted = set(account_ids)
    rows = Account.objects.select_for_update(of=("self",), no_key=True)
    rows = rows.filter(pk__in=wanted, kind=AccountKind.CUSTOMER).order_by("pk")
    found = {row.pk: queries.facts(row) for row in rows.select_related("company")}
    if len(found) < len(wanted) and Account.objects.filter(pk__in=wanted).count() < len(wanted):
        raise UnknownAccount
    return found


def place_hold(*, account_id: int, money: Money, key: str, now: datetime) -> None:
    """Reserve available funds of a customer's account; a step (LIM-2).

    A key is used once for ever, so a revised request brings a new one.

    Raises UnknownAccount, AccountNotOpen, CurrencyMismatch, InsufficientFunds, AlreadyHeld.
    """
    audit.require_transaction()
    if money.amount <= 0:
        raise AmountNotPositive
    account = Account.objects.filter(pk=account_id, kind=AccountKind.CUSTOMER)
    reserved = account.filter(
        state=AccountState.OPEN,
        currency=money.currency,
        balance__gte=F("held") + money.amount,
    ).update(held=F("held") + money.amount)
    if not reserved:
        raise _why_not_held(account_id, money)
    with connection.cursor() as cursor:
        cursor.execute(INSERT_HOLD, [account_id, money.amount, key, str(HoldState.HELD), now])
        placed = cursor.rowcount
    if not placed:
        account.update(held=F("held") - money.amount)
        raise AlreadyHeld(key=key)


def release_hold(*, key: str, now: datetime) -> None:
    """Give held funds back to what is available; a step (LIM-2). Raises HoldEnded."""
    audit.require_transaction()
    hold = Hold.objects.filter(key=key).first()
    if hold is None:
        raise HoldEnded(key=key)
    lock_row(hold.account_id)
    if not _end_hold(hold.pk, "release", now):
        raise HoldEnded(key=key)
    Account.objects.filter(pk=hold.account_id).update(held=F("held") - hold.amount)


def post(
    *,
    reference: str,
    kind: str,
    value_date: date,
    narrative: str,
    legs: Sequence[LegLine],
    hold_key: str | None,
    now: datetime,
) -> int:
    """Post a double entry exactly once per reference and return its id; a step (TRF-3).

    With a `hold_key` the hold is consumed: its whole amount becomes available before the legs
    are judged, and its account must be among them. Raises Unbalanced, UnknownAccount,
    AccountNotOpen, CurrencyMismatch, InsufficientFunds, HoldEnded, AlreadyPosted.
    """
    audit.require_transaction()
    return _post(
        (reference, kind, value_date, now, narrative, None), legs, hold_key=hold_key, now=now
    )


def reverse(
    *, reference: str, of_reference: str, narrative: str, value_date: date, now: datetime
) -> int:
    """Post the opposite of an earlier posting, at most once, and return its id; a step (TRF-3).

    A frozen account takes money that comes back. Raises UnknownPosting, AlreadyPosted,
    AccountNotOpen, InsufficientFunds.
    """
    audit.require_transaction()
    original = Posting.objects.filter(reference=of_reference).first()
    if original is None:
        raise UnknownPosting
    legs = [
        LegLine(leg.account_id, -leg.amount, leg.currency)
        for leg in Leg.objects.filter(posting=original).order_by("pk")
    ]
    posting = (reference, "REVERSAL", value_date, now, narrative, original.pk)
    return _post(posting, legs, hold_key=None, now=now)


def _post(
    posting: tuple[str, str, date, datetime, str, int | None],
    legs: Sequence[LegLine],
    *,
    hold_key: str | None,
    now: datetime,
) -> int:
    """Lock, judge, write; `posting` holds the first values of POST in order."""
    check_legs(legs)
    reference, reversed_id = posting[0], posting[-1]
    moved = changes(legs)
    standings = _lock_standings(moved)
    try:
        hold = _open_hold(hold_key, moved)
        freed = {hold.account_id: hold.amount} if hold else {}
        check_posting(standings, legs, freed, reversing=reversed_id is not None)
    except DomainError:
        # A repeated call meets a consumed hold or spent funds: the true answer is 'already posted'.
        if Posting.objects.filter(reference=reference).exists():
            raise AlreadyPosted(reference=reference) from None
        raise
    ended: list[Any] = [str(HOLD_VERBS["consume"].target), now, hold and hold.pk]
    with connection.cursor() as cursor:
        cursor.execute(
            POST,
            [
                *posting,
                *_leg_columns(standings, legs),
                *ended,
                sources(HOLD_VERBS, "consume"),
                *_account_columns(standings, moved, freed),
            ],
        )
        row = cursor.fetchone()
    if row is None:
        raise AlreadyPosted(reference=reference)
    return int(row[0])


def _lock_standings(account_ids: Iterable[int]) -> dict[int, Standing]:
    """Lock the customers' accounts by id; read the bank's own, which nobody freezes or closes."""
    wanted = set(account_ids)
    columns = ("pk", "number", "kind", "currency", "state", "balance", "held")
    rows = Account.objects.order_by("pk").values_list(*columns)
    customers = rows.select_for_update(no_key=True).filter(kind=AccountKind.CUSTOMER)
    found = {row[0]: Standing(*row) for row in customers.filter(pk__in=wanted)}
    rest = wanted - found.keys()
    if rest:
        own = rows.filter(pk__in=rest).exclude(kind=AccountKind.CUSTOMER)
        found |= {row[0]: Standing(*row) for row in own}
    return found


def _open_hold(key: str | None, moved: Mapping[int, Decimal]) -> Hold | None:
    if key is None:
        return None
    hold = Hold.objects.filter(key=key, state__in=sources(HOLD_VERBS, "consume")).first()
    if hold is None or hold.account_id not in moved:
        raise HoldEnded(key=key)
    return hold


def _leg_columns(standings: Mapping[int, Standing], legs: Sequence[LegLine]) -> list[list[Any]]:
    """Return the legs as columns: account, amount, currency, balance after."""
    return [
        [leg.account_id for leg in legs],
        [leg.amount for leg in legs],
        [leg.currency for leg in legs],
        list(balances_after(standings, legs)),
    ]


def _account_columns(
    standings: Mapping[int, Standing],
    moved: Mapping[int, Decimal],
    freed: Mapping[int, Decimal],
) -> list[list[Any]]:
    """Return what changes of the customers' accounts as columns: id, change, freed."""
    ids = [key for key in moved if standings[key].kind == AccountKind.CUSTOMER]
    return [list(ids), [moved[key] for key in ids], [freed.get(key, ZERO) for key in ids]]


def _end_hold(hold_id: int, verb: str, now: datetime) -> int:
    open_hold = Hold.objects.filter(pk=hold_id, state__in=sources(HOLD_VERBS, verb))
    return open_hold.update(state=str(HOLD_VERBS[verb].target), ended_at=now)


def _why_not_held(account_id: int, money: Money) -> DomainError:
    account = Account.objects.filter(pk=account_id, kind=AccountKind.CUSTOMER).first()
    if account is None:
        return UnknownAccount()
    if account.state != AccountState.OPEN:
        return AccountNotOpen(number=account.number, state=account.state)
    if account.currency != money.currency:
        return CurrencyMismatch(number=account.number, currency=account.currency)
    return insufficient(account.number, account.balance - account.held, account.currency)
