"""What the certificate counter finds: customers' certificates and the people they are for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from approvals.queries.proposals import open_requests_on
from branch_ops.render import word
from branch_ops.render.counter import CERTIFICATE_TONES, certificate_state
from certificates.formats.profiles import Purpose
from certificates.models import Card, Certificate
from certificates.states import LIVE, WAITING, CardState, CertificateState
from identity.models import User
from identity.queries import visible_companies
from identity.states import UserState

PAGE = 25
COUNTED_MOST = 200
PEOPLE_MOST = 50


@dataclass(frozen=True, slots=True)
class Sought:
    """Carry what somebody looks for; empty text is anything."""

    company: str = ""
    holder: str = ""
    serial: str = ""
    state: str = ""

    @property
    def anything(self) -> bool:
        """Tell whether nothing narrows the list."""
        return not (self.company or self.holder or self.serial or self.state)


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """Show one certificate or application in the list."""

    id: int
    holder_name: str
    holder_number: str
    company_name: str
    company_code: str
    serial_number: str
    state_label: str
    tone: str
    suspensions: int
    storage_label: str
    since: datetime
    not_after: datetime | None
    pending: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Show a page of certificates; `found` counts no further than a bound (`more` says so)."""

    rows: list[CertificateRow]
    cursor: str
    found: int
    more: bool


@dataclass(frozen=True, slots=True)
class HolderRow:
    """Show one person for whom a certificate may be applied for, with what they have."""

    name: str
    number: str
    company_name: str
    company_code: str
    certificate_id: int
    state_label: str
    tone: str
    waiting: bool


def target_of(certificate_id: int) -> str:
    """Return how fees and open requests name a certificate."""
    return f"certificate:{certificate_id}"


def application_target(holder_number: str) -> str:
    """Return how an open request names the application of a person."""
    return f"application:{holder_number}"


def visible_certificates(actor: User) -> QuerySet[Certificate]:
    """Return the signing certificates of customers' people the actor may see: a branch its own.

    What accompanies a certificate for signing in goes with it and is not shown apart.
    """
    rows = Certificate.objects.filter(
        holder__company__in=visible_companies(actor), purpose=Purpose.SIGNING.name
    )
    return rows.select_related("holder__company__branch", "card")


def find_certificates(
    actor: User, sought: Sought, *, cursor: str = "", limit: int = PAGE
) -> Listing:
    """Return a page of certificates, newest application first (CERT-7).

    Three statements, whatever the number of rows.
    """
    rows = visible_certificates(actor).filter(_asked(sought))
    found = rows.order_by()[: COUNTED_MOST + 1].count()
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 18:
        rows = rows.filter(pk__lt=int(cursor))
    page = list(rows.order_by("-pk")[: limit + 1])
    shown = page[:limit]
    pending = open_requests_on([target_of(row.pk) for row in shown])
    return Listing(
        rows=[_row(row, pending.get(target_of(row.pk), "")) for row in shown],
        cursor=str(shown[-1].pk) if len(page) > limit else "",
        found=min(found, COUNTED_MOST),
        more=found > COUNTED_MOST,
    )


def find_holders(actor: User, *, company: str, holder: str) -> list[HolderRow]:
    """Return people of customers the actor may see, by name; at most fifty, two statements."""
    people = User.objects.filter(company__in=visible_companies(actor)).exclude(
        state=UserState.CLOSED
    )
    people = people.filter(_of_company(company, "") & _of_holder(holder, ""))
    found = list(
        people.select_related("company").order_by("company__code", "display_name", "pk")[
            :PEOPLE_MOST
        ]
    )
    held = Certificate.objects.filter(
        holder__in=[person.pk for person in found],
        purpose=Purpose.SIGNING.name,
        state__in=(*WAITING, *LIVE),
    )
    # What waits counts more than what is in force: it stands in the way of another application.
    latest = {row.holder_id: row for row in held.order_by("pk")}
    return [_holder_row(person, latest.get(person.pk)) for person in found]


def cards_in_stock(unit_id: int, *, limit: int = 100) -> list[str]:
    """Return the serial numbers of the cards in a unit's stock, the oldest first."""
    rows = Card.objects.filter(unit_id=unit_id, state=CardState.IN_STOCK).order_by("pk")
    return [number or "" for number in rows.values_list("serial_number", flat=True)[:limit]]


def is_card_in_stock(serial_number: str, unit_id: int) -> bool:
    """Tell whether a card lies in a unit's stock."""
    rows = Card.objects.filter(unit_id=unit_id, state=CardState.IN_STOCK)
    return rows.filter(serial_number=serial_number).exists()


def _asked(sought: Sought) -> Q:
    asked = _of_company(sought.company, "holder__") & _of_holder(sought.holder, "holder__")
    if sought.serial:
        serial = "".join(sign for sign in sought.serial if sign.isalnum())
        asked &= Q(serial_number__icontains=serial or "-") | Q(
            card__serial_number__iexact=sought.serial.strip()
        )
    if sought.state in list(CertificateState):
        asked &= Q(state=sought.state)
    return asked


def _of_company(text: str, path: str) -> Q:
    if not text:
        return Q()
    by_name = Q(**{f"{path}company__name__icontains": text})
    return by_name | Q(**{f"{path}company__code__startswith": text})


def _of_holder(text: str, path: str) -> Q:
    if not text:
        return Q()
    by_name = Q(**{f"{path}display_name__icontains": text})
    return by_name | Q(**{f"{path}public_id__istartswith": text})


def _row(row: Certificate, pending: str) -> CertificateRow:
    holder = row.holder
    return CertificateRow(
        id=row.pk,
        holder_name=holder.display_name,
        holder_number=holder.public_id,
        company_name=holder.company.name if holder.company else "",
        company_code=holder.company.code if holder.company else "",
        serial_number=row.serial_number or "",
        state_label=certificate_state(row.state),
        tone=CERTIFICATE_TONES[row.state],
        suspensions=row.suspensions,
        storage_label=word(row.storage) if row.storage else "",
        since=row.state_since,
        not_after=row.not_after,
        pending=pending,
    )


def _holder_row(person: User, held: Certificate | None) -> HolderRow:
    return HolderRow(
        name=person.display_name,
        number=person.public_id,
        company_name=person.company.name if person.company else "",
        company_code=person.company.code if person.company else "",
        certificate_id=held.pk if held else 0,
        state_label=certificate_state(held.state) if held else "",
        tone=CERTIFICATE_TONES[held.state] if held else "neutral",
        waiting=held is not None and held.state in WAITING,
    )
