"""What an enterprise's security pair sees of its members' certificates (CERT-3, CERT-9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from approvals.queries import cards
from approvals.queries.impact import Affected, impact_digest, impact_of
from certificates import queries as certificates
from certificates.errors import CertificateUnknown
from certificates.formats.profiles import Purpose
from certificates.models import Certificate
from enterprise.queries.certificates import CertificateRow, certificate_row
from identity import queries as identity
from identity.models import User

PAGE = 25


@dataclass(frozen=True, slots=True)
class MemberCertificate:
    """Show one certificate in the company's list."""

    serial_number: str
    holder_name: str
    login_name: str
    role_names: str
    storage_label: str
    state_label: str
    tone: str
    state_since: datetime
    not_after: datetime | None
    suspensions: str
    cursor: str


@dataclass(frozen=True, slots=True)
class Found:
    """Hold one page of the list; `next_cursor` is empty on the last."""

    rows: list[MemberCertificate]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class MemberPage:
    """Carry what a supervisor reads before taking a certificate out of force.

    `impact` is the preview, `impact_sha256` (hex) its digest, which the signature covers.
    """

    row: CertificateRow
    holder_name: str
    login_name: str
    role_names: str
    is_own: bool
    suspensions: int
    impact: list[Affected]
    impact_sha256: str


def company_certificates(
    actor: User, *, text: str = "", state: str = "", cursor: str = "", language: str
) -> Found:
    """Return a page of the company's certificates by holder's name; newest first for each.

    `text` is part of a name, login name or serial number. Three queries whatever their number.
    """
    rows = _visible(actor)
    if text:
        rows = rows.filter(
            Q(holder__display_name__icontains=text)
            | Q(holder__login_name__icontains=text)
            | Q(serial_number__icontains=text.lower())
        )
    if state:
        rows = rows.filter(state=state)
    last = _visible(actor).filter(pk=int(cursor)).first() if cursor.isdecimal() else None
    if last is not None:
        name = last.holder.display_name
        rows = rows.filter(
            Q(holder__display_name__gt=name) | Q(holder__display_name=name, pk__lt=last.pk)
        )
    found = list(rows.order_by("holder__display_name", "-pk")[: PAGE + 1])
    shown, more = found[:PAGE], len(found) > PAGE
    roles = identity.role_names_of([row.holder_id for row in shown], language=language)
    listed = [_listed(row, roles.get(row.holder_id, "")) for row in shown]
    return Found(listed, listed[-1].cursor if more else "")


def company_certificate(
    actor: User, serial_number: str, *, language: str, now: datetime
) -> MemberPage:
    """Return a certificate of the actor's company with the preview. Raises CertificateUnknown."""
    found = _visible(actor).filter(serial_number=serial_number).first()
    if found is None:
        raise CertificateUnknown
    facts = certificates.facts_of(found)
    stoppage = certificates.stoppages([found.pk]).get(found.pk)
    impact = impact_of(found.holder_id, now=now) if facts.live else []
    return MemberPage(
        row=certificate_row(facts, stoppage, identity.counter_of(actor), now),
        holder_name=found.holder.display_name,
        login_name=found.holder.login_name,
        role_names=identity.role_names(found.holder_id, language=language),
        is_own=found.holder_id == actor.pk,
        suspensions=found.suspensions,
        impact=impact,
        impact_sha256=impact_digest(impact),
    )


def _visible(actor: User) -> QuerySet[Certificate]:
    """Return the signing certificates of the actor's company; each stands for its pair."""
    return (
        certificates.visible_certificates(actor)
        .filter(purpose=Purpose.SIGNING.name)
        .select_related("holder", "card")
    )


def _listed(row: Certificate, role_names: str) -> MemberCertificate:
    label, tone = cards.state_of(row.state)
    return MemberCertificate(
        serial_number=row.serial_number or "",
        holder_name=row.holder.display_name,
        login_name=row.holder.login_name,
        role_names=role_names,
        storage_label=str(cards.STORAGES.get(row.storage, "")),
        state_label=label,
        tone=tone,
        state_since=row.state_since,
        not_after=row.not_after,
        suspensions=cards.suspensions_used(row.suspensions) if row.suspensions else "",
        cursor=str(row.pk),
    )
