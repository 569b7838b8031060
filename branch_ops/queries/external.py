"""Whom can an outside certificate be bound to, and which ones are bound?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from certificates.models import Certificate
from identity.models import User
from identity.queries import visible_users

MOST_SHOWN = 100


@dataclass(frozen=True, slots=True)
class HolderChoice:
    """One person a certificate can be bound to."""

    id: int
    number: str
    name: str
    company_code: str
    company_name: str


@dataclass(frozen=True, slots=True)
class BoundCertificate:
    """One bound outside certificate; `good_until` is None where nothing is known."""

    id: int
    serial_number: str
    holder_name: str
    company_name: str
    state: str
    outside_status: str
    good_until: datetime | None
    not_after: datetime | None


def find_holder(actor: User, *, company_code: str, login_name: str) -> HolderChoice | None:
    """Return the person of a company the actor may see, or None."""
    row = (
        visible_users(actor)
        .select_related("company")
        .filter(company__code=company_code.strip(), login_name=login_name.strip())
        .first()
    )
    if row is None or row.company is None:
        return None
    return HolderChoice(row.pk, row.public_id, row.display_name, row.company.code, row.company.name)


def holder_by_number(number: str) -> User | None:
    """Return a person by their user number, or None."""
    return User.objects.select_related("company").filter(public_id=number).first()


def bound_certificates(actor: User) -> list[BoundCertificate]:
    """Return the outside certificates bound to people the actor may see, newest first."""
    rows = (
        Certificate.objects.filter(external_issuer__isnull=False, holder__in=visible_users(actor))
        .select_related("holder__company")
        .order_by("-pk")[:MOST_SHOWN]
    )
    return [
        BoundCertificate(
            id=row.pk,
            serial_number=row.serial_number or "",
            holder_name=row.holder.display_name,
            company_name=row.holder.company.name if row.holder.company is not None else "",
            state=row.state,
            outside_status=row.outside_status,
            good_until=row.outside_good_until,
            not_after=row.not_after,
        )
        for row in rows
    ]
