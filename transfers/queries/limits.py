"""Which limits bind, and what is left of them?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Min, Q

from kernel.money import Money
from transfers.models import Limit, LimitCounter
from transfers.policies import Caps, DayUse, left_today


@dataclass(frozen=True, slots=True)
class LimitLine:
    """Show one limit with what would be used and left of it, the amount asked about included."""

    name: str
    limit: Money
    used: Money
    left: Money
    percent: int


def caps_in_force(company_id: int, currency: str, day: date) -> Caps | None:
    """Return the caps that bind on a date: the lowest in force, or None where none is set."""
    in_force = Limit.objects.filter(
        Q(effective_until__isnull=True) | Q(effective_until__gte=day),
        company_id=company_id,
        currency=currency,
        effective_from__lte=day,
    )
    found = in_force.aggregate(one=Min("per_transaction"), day=Min("per_day"))
    return None if found["one"] is None else Caps(found["one"], found["day"])


def use_of(company_id: int, currency: str, day: date) -> DayUse:
    """Return what of a day's limit is reserved and used."""
    counter = LimitCounter.objects.filter(company_id=company_id, currency=currency, day=day).first()
    zero = Decimal(0)
    return DayUse(counter.reserved, counter.used) if counter else DayUse(zero, zero)


def limit_lines(company_id: int, asked: Money, day: date) -> list[LimitLine]:
    """Return the company's limits beside an amount that is about to be submitted (LIM-3)."""
    caps = caps_in_force(company_id, asked.currency, day)
    if caps is None:
        return []
    use = use_of(company_id, asked.currency, day)
    taken = use.reserved + use.used

    def money(amount: Decimal) -> Money:
        return Money(amount, asked.currency)

    def percent(amount: Decimal, cap: Decimal) -> int:
        return min(100, int(amount * 100 / cap))

    return [
        LimitLine(
            "per_transaction", money(caps.per_transaction), asked,
            money(max(Decimal(0), caps.per_transaction - asked.amount)),
            percent(asked.amount, caps.per_transaction),
        ),
        LimitLine(
            "per_day", money(caps.per_day), money(taken + asked.amount),
            money(max(Decimal(0), left_today(caps, use) - asked.amount)),
            percent(taken + asked.amount, caps.per_day),
        ),
    ]  # fmt: skip
