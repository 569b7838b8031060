"""What moved on an account, and how did its balance go?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import DecimalField, ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Trunc

from kernel import clock
from ledger.errors import UnknownAccount
from ledger.models import Account, Leg, Posting
from ledger.policies import closing_balances
from ledger.queries.accounts import facts, with_balance


@dataclass(frozen=True, slots=True)
class Movement:
    """Show one leg of an account with its posting; amount + credits, - debits the account.

    `balance_after` is None for the bank's own accounts. The counterparty is the one account on
    the other side; where there are several, number and name are empty.
    """

    id: int
    at: datetime
    value_date: date
    kind: str
    narrative: str
    reference: str
    amount: Decimal
    currency: str
    balance_after: Decimal | None
    counterparty_number: str
    counterparty_name: str  # empty where the other side is an account of the bank itself


@dataclass(frozen=True, slots=True)
class DayBalance:
    """Give an account's closing balance of one business date."""

    date: date
    balance: Decimal


def posting_id(reference: str) -> int | None:
    """Return the id of what was posted under a reference, or None (TRF-3: query until known)."""
    return Posting.objects.filter(reference=reference).values_list("pk", flat=True).first()


def movements(
    account_id: int,
    before_id: int | None = None,
    limit: int = 50,
    *,
    first_date: date | None = None,
    last_date: date | None = None,
) -> list[Movement]:
    """Return an account's legs newest first, below a leg's id, in two queries (TRF-7).

    The dates bound the day of posting in Asia/Taipei, both included.
    """
    rows = Leg.objects.filter(account_id=account_id).select_related("posting")
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    if first_date is not None:
        rows = rows.filter(posting__posted_at__gt=_end_of(first_date - timedelta(days=1)))
    if last_date is not None:
        rows = rows.filter(posting__posted_at__lte=_end_of(last_date))
    ids = _other_side().values("account_id")
    page = list(
        rows.annotate(other=Subquery(ids[:1]), another=Subquery(ids[1:2])).order_by("-pk")[:limit]
    )
    others = Account.objects.select_related("company").in_bulk(
        {row.other for row in page if row.other and row.another is None}
    )
    return [_movement(row, others.get(row.other) if row.another is None else None) for row in page]


def balance_history(account_id: int, days: int, *, now: datetime | None = None) -> list[DayBalance]:
    """Return an account's closing balance of each of the last `days` dates, oldest first."""
    today = clock.business_date(now or clock.now())
    account = with_balance().filter(pk=account_id).first()
    if account is None:
        raise UnknownAccount
    since = _end_of(today - timedelta(days=days))
    day = Trunc("posting__posted_at", "day", tzinfo=clock.TAIPEI)
    sums = (
        Leg.objects.filter(account_id=account_id, posting__posted_at__gt=since)
        .annotate(day=day)
        .values("day")
        .annotate(total=Sum("amount"))
        .values_list("day", "total")
    )
    by_date = {moment.date(): total for moment, total in sums}
    found = closing_balances(facts(account).balance, by_date, last=today, days=days)
    return [DayBalance(day, balance) for day, balance in found]


def _movement(leg: Leg, other: Account | None) -> Movement:
    owner = other.company.name if other and other.company else ""
    return Movement(
        id=leg.pk,
        at=leg.posting.posted_at,
        value_date=leg.posting.value_date,
        kind=leg.posting.kind,
        narrative=leg.posting.narrative,
        reference=leg.posting.reference,
        amount=leg.amount,
        currency=leg.currency,
        balance_after=leg.balance_after,
        counterparty_number=other.number if other else "",
        counterparty_name=owner,
    )


def _end_of(day: date) -> datetime:
    """Return the last microsecond of a date in Asia/Taipei."""
    return clock.end_of_business_date(day) + timedelta(microseconds=999_999)


def _other_side() -> QuerySet[Leg]:
    """Return, for an outer leg, the legs of its posting and currency with the opposite sign."""
    product = ExpressionWrapper(
        F("amount") * OuterRef("amount"), output_field=DecimalField(max_digits=40, decimal_places=8)
    )
    legs = Leg.objects.filter(posting=OuterRef("posting"), currency=OuterRef("currency"))
    return legs.alias(product=product).filter(product__lt=0).order_by("pk")
