"""What the counter knows of one certificate, and of the person it is for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from approvals.models import Request
from approvals.queries.proposals import open_request_on
from approvals.states import RequestState
from branch_ops.errors import HolderElsewhere
from branch_ops.queries.counter import application_target, target_of, visible_certificates
from branch_ops.queries.fees import visible_fees
from branch_ops.render import word
from branch_ops.render.counter import (
    CERTIFICATE_TONES,
    CERTIFICATE_VERBS,
    FEE_TONES,
    LETTER_TONES,
    certificate_state,
)
from certificates.errors import CertificateUnknown
from certificates.formats.profiles import Purpose
from certificates.models import Certificate, CertificateEvent, Letter
from certificates.policies import SUSPENSIONS_MOST
from certificates.states import CERTIFICATE_VERBS as MACHINE, OPEN_LETTER
from identity.models import User
from identity.queries import names, visible_companies
from identity.states import StandingState, UserState
from kernel.machines import sources
from kernel.money import Money

EVENTS_MOST = 50
WITHDRAWABLE = sources(MACHINE, "withdraw")
# What brings a letter about: who made or edited one of these does not print its letter.
ASKING_FOR_A_LETTER = ("certificates.reprint", "certificates.unsuspension")


@dataclass(frozen=True, slots=True)
class HolderFacts:
    """Describe the person a certificate is for.

    `waiting_id` is the application that waits for its letter to be used, 0 where none does.
    """

    id: int
    number: str
    name: str
    in_force: bool
    company_id: int
    company_code: str
    company_name: str
    branch_id: int
    branch: str
    waiting_id: int


@dataclass(frozen=True, slots=True)
class LetterRow:
    """Show one letter of a certificate; its secret exists nowhere."""

    number: str
    purpose: str
    purpose_label: str
    state: str
    state_label: str
    tone: str
    prepared_at: datetime
    printed_at: datetime | None
    expires_at: datetime | None
    tries: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """Show one change of a certificate's state."""

    at: datetime
    who: str
    what: str | Promise
    tone: str
    reason: str


@dataclass(frozen=True, slots=True)
class FeeRow:
    """Show one fee of a certificate."""

    id: int
    label: str
    money: Money
    state_label: str
    tone: str


@dataclass(frozen=True, slots=True)
class CertificateDetail:
    """Show one certificate or application; `pending` is the open request on it, or empty."""

    id: int
    holder: HolderFacts
    serial_number: str
    state: str
    since: datetime
    applied_at: datetime
    suspensions: int
    storage: str
    card_serial: str
    card_state: str
    functions: tuple[str, ...] | None
    amount_cap: Money | None
    scope_from: date | None
    scope_until: date | None
    not_before: datetime | None
    not_after: datetime | None
    letters: tuple[LetterRow, ...]
    pending: str

    @property
    def state_label(self) -> str:
        """Return what its state is called."""
        return certificate_state(self.state)

    @property
    def tone(self) -> str:
        """Return how its state is coloured."""
        return CERTIFICATE_TONES[self.state]

    @property
    def open_letter(self) -> LetterRow | None:
        """Return the letter that waits to be printed or used, or None."""
        return next((letter for letter in self.letters if letter.state in OPEN_LETTER), None)

    @property
    def is_last_suspension(self) -> bool:
        """Tell whether the next suspension is for ever (CERT-4)."""
        return self.suspensions >= SUSPENSIONS_MOST

    @property
    def target(self) -> str:
        """Return how fees and open requests name it."""
        return target_of(self.id)


def certificate_detail(actor: User, certificate_id: int) -> CertificateDetail:
    """Return one certificate with its letters; four statements.

    Raises CertificateUnknown for what the actor may not see.
    """
    row = visible_certificates(actor).filter(pk=certificate_id).first()
    if row is None:
        raise CertificateUnknown
    return _detail(row)


def certificate_now(certificate_id: int) -> CertificateDetail:
    """Return one certificate as it is, for checking a request on it. Raises CertificateUnknown."""
    rows = Certificate.objects.select_related("holder__company__branch", "card")
    row = rows.filter(pk=certificate_id, holder__company__isnull=False).first()
    if row is None:
        raise CertificateUnknown
    return _detail(row)


def holder_facts(actor: User, number: str) -> HolderFacts:
    """Return a customer's person by public id. Raises HolderElsewhere for what is not theirs."""
    return _the_holder(Q(company__in=visible_companies(actor)), number)


def holder_now(number: str) -> HolderFacts:
    """Return a customer's person as they are, for checking a request. Raises HolderElsewhere."""
    return _the_holder(Q(company__isnull=False), number)


def events_of(certificate_id: int) -> list[EventRow]:
    """Return what happened to a certificate, newest first; two statements."""
    rows = CertificateEvent.objects.filter(certificate_id=certificate_id)
    found = list(rows.order_by("-pk")[:EVENTS_MOST])
    known = names(row.actor for row in found)
    events = []
    for row in found:
        what, tone = CERTIFICATE_VERBS.get(row.verb, (row.verb, "neutral"))
        who = known.get(row.actor) or _("The system")
        events.append(EventRow(at=row.at, who=who, what=what, tone=tone, reason=row.reason))
    return events


def fees_of(actor: User, target: str) -> list[FeeRow]:
    """Return the fees of a certificate, newest first; one statement."""
    rows = visible_fees(actor).filter(target=target).select_related("tariff").order_by("-pk")
    return [
        FeeRow(
            id=row.pk,
            label=word(row.tariff.code),
            money=Money(row.amount, row.currency),
            state_label=word(str(row.state), "branch_ops.feeitem.state"),
            tone=FEE_TONES[row.state],
        )
        for row in rows
    ]


def proposed_by(actor: User, certificate: CertificateDetail) -> bool:
    """Tell whether the actor made or edited the application, or what asked for the letter now open.

    Such a person never prints it: asking for a letter and printing it are two people's (CERT-1).
    Three statements.
    """
    released = Request.objects.filter(state=RequestState.RELEASED).order_by("-changed_at", "-pk")
    application = released.filter(
        subject_key=application_target(certificate.holder.number),
        created_at__lte=certificate.applied_at,
    )
    letter = released.filter(subject_key=certificate.target, kind__in=ASKING_FOR_A_LETTER)
    asked = [rows.values_list("pk", flat=True).first() for rows in (application, letter)]
    mine = Request.objects.filter(pk__in=[pk for pk in asked if pk], editors__user=actor)
    return mine.exists()


def _detail(row: Certificate) -> CertificateDetail:
    card = row.card
    cap = row.amount_cap
    return CertificateDetail(
        id=row.pk,
        holder=_facts(row.holder),
        serial_number=row.serial_number or "",
        state=str(row.state),
        since=row.state_since,
        applied_at=row.applied_at,
        suspensions=row.suspensions,
        storage=row.storage,
        card_serial=(card.serial_number or "") if card else "",
        card_state=word(card.state) if card else "",
        functions=None if row.functions is None else tuple(row.functions),
        amount_cap=None if cap is None else Money(cap, row.amount_cap_currency),
        scope_from=row.scope_from,
        scope_until=row.scope_until,
        not_before=row.not_before,
        not_after=row.not_after,
        letters=tuple(_letter(letter) for letter in row.letters.order_by("-pk")),
        pending=open_request_on(target_of(row.pk)),
    )


def _letter(row: Letter) -> LetterRow:
    return LetterRow(
        number=f"{row.number[:4]}-{row.number[4:]}",
        purpose=row.purpose,
        purpose_label=str(row.get_purpose_display()),
        state=str(row.state),
        state_label=word(row.state, "certificates.letter.state"),
        tone=LETTER_TONES[row.state],
        prepared_at=row.prepared_at,
        printed_at=row.printed_at,
        expires_at=row.expires_at,
        tries=row.tries,
    )


def _the_holder(whose: Q, number: str) -> HolderFacts:
    person = User.objects.select_related("company__branch").filter(whose, public_id=number).first()
    if person is None or person.company is None:
        raise HolderElsewhere
    return _facts(person)


def _facts(person: User) -> HolderFacts:
    company = person.company
    waiting = Certificate.objects.filter(
        holder=person, purpose=Purpose.SIGNING.name, state__in=WITHDRAWABLE
    )
    if company is None:
        raise HolderElsewhere
    standing = (company.state, company.branch.state)
    return HolderFacts(
        id=person.pk,
        number=person.public_id,
        name=person.display_name,
        in_force=person.state == UserState.ACTIVE and set(standing) == {StandingState.ACTIVE},
        company_id=company.pk,
        company_code=company.code,
        company_name=company.name,
        branch_id=company.branch_id,
        branch=str(company.branch),
        waiting_id=waiting.values_list("pk", flat=True).first() or 0,
    )
