"""Reserve, use and free the day's limit of a company (LIM-2)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import F

from audit import operations as audit
from identity.models import Company
from kernel.machines import sources
from kernel.money import Money
from transfers.errors import LimitExceeded
from transfers.models import Limit, LimitCounter, Reservation
from transfers.policies import DayUse, binding_limit, left_today
from transfers.queries.limits import caps_in_force
from transfers.states import RESERVATION_VERBS, ReservationState

# A reservation ends and the day's counter follows, in one statement; both are locked before.
CONSUME = """
WITH ended AS (
    UPDATE transfers_reservation SET state = %s WHERE id = %s AND state = ANY(%s)
    RETURNING counter_id, amount
)
UPDATE transfers_limitcounter AS counter
SET reserved = counter.reserved - ended.amount, used = counter.used + ended.amount
FROM ended WHERE counter.id = ended.counter_id
"""


def set_limit(
    *,
    company: Company,
    source: str,
    currency: str,
    per_transaction: Decimal,
    per_day: Decimal,
    effective_from: date,
    actor: str,
    now: datetime,
) -> Limit:
    """Set a company's limit of one currency from a date on; a step (LIM-1, LIM-4)."""
    audit.require_transaction()
    limit = Limit.objects.create(
        company=company, source=source, currency=currency, per_transaction=per_transaction,
        per_day=per_day, effective_from=effective_from,
    )  # fmt: skip
    audit.record(
        chain=f"company:{company.code}", event="transfers.limit.set", actor=actor,
        target=f"limit:{company.code}:{currency}", now=now,
        after={
            "source": source, "per_transaction": f"{per_transaction:f}", "per_day": f"{per_day:f}",
        },
    )  # fmt: skip
    return limit


def reserve(*, company_id: int, money: Money, day: date, key: str) -> None:
    """Reserve an amount of a day's limit under a key; a step. Raises LimitExceeded (LIM-3)."""
    audit.require_transaction()
    LimitCounter.objects.bulk_create(
        [LimitCounter(company_id=company_id, currency=money.currency, day=day)],
        ignore_conflicts=True,
    )
    counter = LimitCounter.objects.select_for_update().get(
        company_id=company_id, currency=money.currency, day=day
    )
    _check(company_id, money, day, DayUse(counter.reserved, counter.used))
    LimitCounter.objects.filter(pk=counter.pk).update(reserved=F("reserved") + money.amount)
    Reservation.objects.create(key=key, counter=counter, amount=money.amount)


def consume(*, key: str, now: datetime) -> None:
    """Turn what was reserved under a key into used, under the limit then in force; a step.

    A limit that was lowered meanwhile binds here. Raises LimitExceeded.
    """
    audit.require_transaction()
    reservation = _lock(key)
    counter = reservation.counter
    money = Money(reservation.amount, counter.currency)
    others = DayUse(counter.reserved - money.amount, counter.used)
    _check(counter.company_id, money, counter.day, others)
    verb = RESERVATION_VERBS["consume"]
    with connection.cursor() as cursor:
        cursor.execute(
            CONSUME, [str(verb.target), reservation.pk, sources(RESERVATION_VERBS, "consume")]
        )


def free(*, key: str, now: datetime) -> None:
    """Give back what was reserved under a key; a step."""
    audit.require_transaction()
    reservation = _lock(key)
    LimitCounter.objects.filter(pk=reservation.counter_id).update(
        reserved=F("reserved") - reservation.amount
    )
    reservation.free()
    reservation.save(update_fields=["state"])


def _lock(key: str) -> Reservation:
    return (
        Reservation.objects.select_related("counter")
        .select_for_update()
        .get(key=key, state=ReservationState.RESERVED)
    )


def _check(company_id: int, money: Money, day: date, use: DayUse) -> None:
    caps = caps_in_force(company_id, money.currency, day)
    name = binding_limit(money.amount, caps, use)
    if not name:
        return
    if caps is None:
        raise LimitExceeded(limit=name, cap="", left="")
    cap = caps.per_transaction if name == "per_transaction" else caps.per_day
    raise LimitExceeded(
        limit=name,
        cap=str(Money(cap, money.currency)),
        left=str(Money(left_today(caps, use), money.currency)),
    )
