"""Which fees are there, and is what they are for settled?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from branch_ops.errors import TariffMissing
from branch_ops.models import FeeItem, FeeTariff
from branch_ops.states import FeeState, Tariff
from certificates.models import Certificate
from identity.models import User
from identity.queries import visible_companies
from kernel.money import Money


@dataclass(frozen=True, slots=True)
class DueFee:
    """Name one fee that is still due, and how much it is."""

    id: int
    amount: Money


def settled(target: str) -> bool:
    """Tell whether nothing is due for a target: every fee was paid or let go by two people."""
    return not FeeItem.objects.filter(target=target, state=FeeState.DUE).exists()


def due_fees(target: str) -> list[DueFee]:
    """Return what is still due for a target, oldest first."""
    rows = FeeItem.objects.filter(target=target, state=FeeState.DUE).order_by("pk")
    return [DueFee(row.pk, Money(row.amount, row.currency)) for row in rows]


def application_tariff(holder_id: int) -> Tariff:
    """Return what an application costs: more for a person who has had a certificate (CERT-5)."""
    earlier = Certificate.objects.filter(holder_id=holder_id, issued_at__isnull=False)
    return Tariff.REISSUE if earlier.exists() else Tariff.ISSUE


def tariff_in_force(code: str, *, on: date) -> FeeTariff:
    """Return the tariff in effect on a date. Raises TariffMissing."""
    rows = FeeTariff.objects.filter(code=code, valid_from__lte=on).order_by("-valid_from")
    found = rows.first()
    if found is None:
        raise TariffMissing(code)
    return found


def visible_fees(actor: User) -> QuerySet[FeeItem]:
    """Return the fees a person of the bank may see: a branch those of its own customers."""
    return FeeItem.objects.filter(company__in=visible_companies(actor))
