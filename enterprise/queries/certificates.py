"""What the holder of a certificate sees of it: state, scope, end, what to do next (CERT-3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from approvals.kinds import all_kinds
from approvals.queries import cards
from certificates import queries as certificates
from certificates.formats.profiles import KeyStorage
from certificates.policies import SUSPENSIONS_MOST, is_renewable
from certificates.queries import CertificateFacts, Stoppage
from certificates.states import LIVE, WAITING, CertificateState
from identity.models import User
from identity.queries import counter_of
from kernel.money import Money

SOON = timedelta(days=60)
BEFORE_USE = {CertificateState.LETTER_PRINTED, CertificateState.ISSUED}


@dataclass(frozen=True, slots=True)
class Fact:
    """Show one line of a list of names and values."""

    label: str
    value: str
    note: str = ""
    tone: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class CertificateRow:
    """Show one certificate to its holder or their supervisor.

    `stopped` says who took it out of force, `next_step` what its holder does about it.
    """

    state: CertificateState
    serial_number: str
    storage_label: str
    state_label: str
    tone: str
    stopped: str
    next_step: str
    facts: list[Fact]
    not_after: datetime | None
    current: bool
    renewable: bool
    outside: bool


def certificate_rows(user: User, *, now: datetime) -> list[CertificateRow]:
    """Return a person's certificates for their own page, newest first; four queries."""
    own = certificates.own_certificates(user.pk)
    stopped = certificates.stoppages([row.id for row in own])
    counter = counter_of(user) if own else ""
    return [certificate_row(row, stopped.get(row.id), counter, now) for row in own]


def certificate_row(
    found: CertificateFacts, stoppage: Stoppage | None, counter: str, now: datetime
) -> CertificateRow:
    """Return one certificate as a page shows it."""
    label, tone = cards.state_of(found.state)
    ended = found.state in (CertificateState.REVOKED, CertificateState.EXPIRED)
    is_active = found.state == CertificateState.ACTIVE
    on_hold = found.live and not is_active
    return CertificateRow(
        state=CertificateState(found.state),
        serial_number=found.serial_number,
        storage_label=str(cards.STORAGES.get(found.storage, _("Card"))),
        state_label=label,
        tone=tone,
        stopped=cards.what_stopped(stoppage) if ended or on_hold else "",
        next_step=cards.next_step(found, counter),
        facts=_facts(found, now),
        not_after=found.not_after,
        current=found.state in (*LIVE, *WAITING),
        renewable=is_active
        and found.renewable_from is not None
        and is_renewable(found.not_after, now),
        outside=bool(found.outside_status),
    )


def waits_for_card(user_id: int) -> bool:
    """Tell whether a letter was printed or a key certified, and nothing else can sign meanwhile.

    Only where the page that is led to can take it into use: in the browser. Somebody whose card
    is on hold, reported lost perhaps, is led to the new one too.
    """
    # An outside certificate's card is in use elsewhere already.
    rows = [row for row in certificates.own_certificates(user_id) if not row.outside_status]
    waiting = {row.state for row in rows if row.storage != KeyStorage.HARDWARE.name} & BEFORE_USE
    return bool(waiting) and CertificateState.ACTIVE not in {row.state for row in rows}


def suspensions_used(suspensions: int) -> str:
    """Return how many of the allowed suspensions were used, and what the next would mean."""
    return cards.suspensions_used(suspensions)


def is_last_suspension(found: CertificateFacts) -> bool:
    """Tell whether one suspension more would end a certificate for ever (CERT-4)."""
    return found.suspensions >= SUSPENSIONS_MOST


def scope_of(found: CertificateFacts) -> list[str]:
    """Return what a certificate may be used for, in words (CERT-6)."""
    names = {kind.code: str(kind.name) for kind in all_kinds()}
    lines = [_("Everything the role allows")]
    if found.functions is not None:
        lines = ["、".join(names.get(code, code) for code in found.functions) or _("Nothing")]
    if found.amount_cap is not None:
        cap = Money(found.amount_cap, found.amount_cap_currency).quantised()
        lines.append(_("up to %(amount)s each time") % {"amount": cap})
    if found.scope_from is not None:
        lines.append(_("from %(day)s") % {"day": found.scope_from.isoformat()})
    if found.scope_until is not None:
        lines.append(_("until %(day)s") % {"day": found.scope_until.isoformat()})
    return lines


def _facts(found: CertificateFacts, now: datetime) -> list[Fact]:
    facts = []
    if found.serial_number:
        facts.append(Fact(_("Serial number"), found.serial_number, is_number=True))
    if found.not_before is not None and found.not_after is not None:
        facts.append(_validity(found, found.not_before, found.not_after, now))
    if found.state != CertificateState.CANCELLED:
        facts.append(Fact(_("May be used for"), "\n".join(scope_of(found))))
    if found.live or found.state == CertificateState.ISSUED:
        last = is_last_suspension(found)
        facts.append(
            Fact(
                _("Suspensions"),
                cards.suspensions_used(found.suspensions),
                tone="warn" if last else "",
            )
        )
    return facts


def _validity(found: CertificateFacts, first: datetime, last: datetime, now: datetime) -> Fact:
    days = {"first": _day(first), "last": _day(last)}
    span = _("%(first)s to %(last)s") % days
    soon = found.live and last - now < SOON
    left = max(0, (last - now).days)
    note = _("Ends in %(days)d days.") % {"days": left} if soon else ""
    return Fact(_("Valid"), span, note, "warn" if soon else "", is_number=True)


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d}"
