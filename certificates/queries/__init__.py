"""Which certificates, signatures and revocation lists are there?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from django.db.models import QuerySet

from certificates import gateways
from certificates.errors import AuthorityMissing, AuthorityUnknown, SigningReason
from certificates.formats.evidence import SignedStatement, to_pem
from certificates.formats.profiles import KeyStorage, Purpose
from certificates.formats.statements import short_code, statement_sha256
from certificates.models import (
    AwaitedTimeStamp,
    Certificate,
    CertificateAuthority,
    CertificateEvent,
    RevocationList,
    Signature,
)
from certificates.policies import RENEWABLE_BEFORE, Standing, scope_refusal, standing_refusal
from certificates.states import LIVE, AuthorityState, CertificateState
from identity.models import User
from identity.queries import visible_users
from kernel.money import Money

# The verbs that take a certificate out of force.
STOPPING = ("suspend", "suspend_finally", "revoke", "expire")


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """Describe one certificate with its card; texts are empty and times None until issued."""

    id: int
    holder_id: int
    serial_number: str
    sha256: str
    purpose: str
    storage: str
    state: str
    state_since: datetime
    suspensions: int
    card_state: str | None
    pin_tries: int
    not_before: datetime | None
    not_after: datetime | None
    functions: tuple[str, ...] | None
    amount_cap: Decimal | None
    amount_cap_currency: str
    outside_status: str = ""
    outside_good_until: datetime | None = None
    scope_from: date | None = None
    scope_until: date | None = None
    renewable_from: datetime | None = None
    card_serial: str = ""

    @property
    def live(self) -> bool:
        """Tell whether it is in force or on hold: its holder's one of this purpose."""
        return self.state in LIVE

    @property
    def standing(self) -> Standing:
        """Return what decides whether it may be used now."""
        return Standing(
            state=self.state,
            storage=self.storage,
            card_state=self.card_state,
            not_before=self.not_before,
            not_after=self.not_after,
            functions=self.functions,
            amount_cap=self.amount_cap,
            amount_cap_currency=self.amount_cap_currency,
            outside_status=self.outside_status,
            outside_good_until=self.outside_good_until,
            scope_from=self.scope_from,
            scope_until=self.scope_until,
        )

    def refusal(self, *, function: str, amount: Money | None, now: datetime) -> str | None:
        """Return why this certificate could not sign now (a SigningReason), or None.

        For buttons and for the rules' own judgement; `accept_signature` asks again under lock.
        """
        reason: SigningReason | None = standing_refusal(
            self.standing, allowed_storages=gateways.allowed_storages(), now=now
        )
        return reason or scope_refusal(self.standing, function=function, amount=amount)


@dataclass(frozen=True, slots=True)
class AcceptedSignature:
    """Show one accepted signature of a request: who signed what, when, with what in force."""

    id: int
    signer_id: int
    signer_name: str
    action: str
    revision: int
    statement: bytes
    text: str
    short_code: str
    cms: bytes
    cms_sha256: str
    certificate_serial: str
    certificate_der: bytes
    certificate_state: str
    signed_at: datetime
    crl_number: int


def signing_certificate(user_id: int) -> CertificateFacts | None:
    """Return a person's signing certificate in force or on hold, or None."""
    return signing_certificates([user_id]).get(user_id)


def signing_certificates(user_ids: Iterable[int]) -> dict[int, CertificateFacts]:
    """Return the signing certificates in force or on hold of these people; one query."""
    rows = Certificate.objects.filter(
        holder_id__in=list(user_ids), purpose=Purpose.SIGNING.name, state__in=LIVE
    )
    return {row.holder_id: facts_of(row) for row in rows.select_related("card")}


def own_certificates(user_id: int) -> list[CertificateFacts]:
    """Return a person's certificates and applications, newest first; each stands for its pair."""
    rows = Certificate.objects.filter(
        holder_id=user_id, purpose=Purpose.SIGNING.name
    ).select_related("card")
    return [facts_of(row) for row in rows.order_by("-pk")]


def has_open_letter(user_id: int) -> bool:
    """Tell whether the browser can take a card into use: a letter, or a key to be confirmed.

    Not where the key is on a card of the bank or elsewhere: its page could do nothing for it.
    """
    return _before_use(user_id).exclude(storage=KeyStorage.HARDWARE.name).exists()


def waits_for_card_program(user_id: int) -> bool:
    """Tell whether a card of the bank waits to be taken into use, which no browser can do."""
    return _before_use(user_id).filter(storage=KeyStorage.HARDWARE.name).exists()


def _before_use(user_id: int) -> QuerySet[Certificate]:
    before_use = (CertificateState.LETTER_PRINTED, CertificateState.ISSUED)
    return Certificate.objects.filter(holder_id=user_id, state__in=before_use, external_issuer=None)


def signatures_of(request_key: str) -> list[AcceptedSignature]:
    """Return the signatures over a request (its number as in the statements), oldest first."""
    rows = (
        Signature.objects.filter(sign_request__request_key=request_key)
        .select_related("sign_request__user", "certificate")
        .order_by("pk")
    )
    return [_accepted(row) for row in rows]


def latest_crl(reference: str | None = None) -> bytes:
    """Return the DER of an authority's newest revocation list (CERT-8). Raises AuthorityMissing.

    Of the issuing authority in force, unless another is named by its reference; AuthorityUnknown
    when that one is not ours.
    """
    lists = RevocationList.objects.order_by("-number")
    if reference is None:
        issuing = CertificateAuthority.Kind.ISSUING
        lists = lists.filter(issuer__kind=issuing, issuer__state=AuthorityState.CURRENT)
    else:
        lists = lists.filter(issuer__reference=reference)
    der = lists.values_list("der", flat=True).first()
    if der is None:
        raise AuthorityMissing if reference is None else AuthorityUnknown
    return bytes(der)


def root_pem() -> bytes:
    """Return the root's certificate. Raises AuthorityMissing."""
    return _authority_pem(CertificateAuthority.Kind.ROOT)


def issuing_pem() -> bytes:
    """Return the issuing authority's certificate. Raises AuthorityMissing."""
    return _authority_pem(CertificateAuthority.Kind.ISSUING)


def authority_chain_pem() -> bytes:
    """Return issuing authority and root, in this order."""
    return issuing_pem() + root_pem()


def signed_statements(request_key: str, *, root: bytes) -> list[SignedStatement]:
    """Return a request's signatures with all that proves them, oldest first (SIGN-4).

    `root` is the DER of the root the evidence names: another one is named beside its signature.
    Whether the reader may see the request is for the caller to have checked.
    """
    rows = (
        Signature.objects.filter(sign_request__request_key=request_key)
        .select_related(
            "sign_request",
            "certificate__issuer",
            "certificate__external_issuer__authority",
            "time_stamp",
        )
        .order_by("pk")
    )
    return [_signed_statement(row, root) for row in rows]


def oldest_awaited_stamp(now: datetime) -> timedelta | None:
    """Return how long the oldest signature without a time stamp has waited for it, or None."""
    waiting = AwaitedTimeStamp.objects.order_by("pk")
    since = waiting.values_list("signature__accepted_at", flat=True).first()
    return None if since is None else now - since


def list_at(moment: datetime, issuer: bytes) -> bytes:
    """Return the newest revocation list (DER) of an issuer (DER) in force at a moment.

    Raises AuthorityMissing.
    """
    found = RevocationList.objects.filter(
        issuer__certificate_der=issuer, this_update__lte=moment, next_update__gt=moment
    )
    der = found.order_by("-number").values_list("der", flat=True).first()
    if der is None:
        raise AuthorityMissing
    return bytes(der)


def root_of(issuer: bytes) -> bytes:
    """Return the DER of the bank's root that certified an issuer (DER). Raises AuthorityMissing."""
    certificate = x509.load_der_x509_certificate(issuer)
    roots = CertificateAuthority.objects.filter(kind=CertificateAuthority.Kind.ROOT)
    for der in roots.order_by("-pk").values_list("certificate_der", flat=True):
        root = x509.load_der_x509_certificate(bytes(der))
        try:
            certificate.verify_directly_issued_by(root)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return bytes(der)
    raise AuthorityMissing


def visible_certificates(actor: User) -> QuerySet[Certificate]:
    """Return the certificates of people the actor may see."""
    return Certificate.objects.filter(holder__in=visible_users(actor))


def _authority_pem(kind: str) -> bytes:
    rows = CertificateAuthority.objects.filter(kind=kind, state=AuthorityState.CURRENT)
    found = rows.values_list("certificate_der", flat=True).first()
    if found is None:
        raise AuthorityMissing
    return to_pem(bytes(found))


def facts_of(row: Certificate) -> CertificateFacts:
    """Return a certificate that was read with its card as plain facts."""
    return CertificateFacts(
        id=row.pk,
        holder_id=row.holder_id,
        serial_number=row.serial_number or "",
        sha256=row.sha256 or "",
        purpose=row.purpose,
        storage=row.storage,
        state=row.state,
        state_since=row.state_since,
        suspensions=row.suspensions,
        card_state=row.card.state if row.card is not None else None,
        pin_tries=row.card.pin_tries if row.card is not None else 0,
        not_before=row.not_before,
        not_after=row.not_after,
        functions=tuple(row.functions) if row.functions is not None else None,
        amount_cap=row.amount_cap,
        amount_cap_currency=row.amount_cap_currency,
        outside_status=row.outside_status,
        outside_good_until=row.outside_good_until,
        scope_from=row.scope_from,
        scope_until=row.scope_until,
        renewable_from=_renewable_from(row),
        card_serial=(row.card.serial_number or "") if row.card is not None else "",
    )


def _renewable_from(row: Certificate) -> datetime | None:
    """Return from when its own card renews it; an outside one is renewed by its authority."""
    if row.not_after is None or row.external_issuer_id is not None:
        return None
    return row.not_after - RENEWABLE_BEFORE


def _accepted(row: Signature) -> AcceptedSignature:
    request, statement = row.sign_request, bytes(row.sign_request.statement)
    return AcceptedSignature(
        id=row.pk,
        signer_id=request.user_id,
        signer_name=request.user.display_name,
        action=request.action,
        revision=request.revision,
        statement=statement,
        text=request.text,
        short_code=short_code(statement_sha256(statement)),
        cms=bytes(row.cms),
        cms_sha256=row.cms_sha256,
        certificate_serial=row.certificate.serial_number or "",
        certificate_der=bytes(row.certificate.der or b""),
        certificate_state=row.certificate_state,
        signed_at=row.signed_at,
        crl_number=row.crl_number,
    )


def _signed_statement(row: Signature, root: bytes) -> SignedStatement:
    issuer_der, own_root = _issuer_and_root(row.certificate)
    stamp = getattr(row, "time_stamp", None)
    stamp_root = bytes(stamp.root_der) if stamp is not None else root
    return SignedStatement(
        statement=bytes(row.sign_request.statement),
        text=row.sign_request.text,
        cms=bytes(row.cms),
        certificate_pem=to_pem(bytes(row.certificate.der or b"")),
        issuer_pem=to_pem(issuer_der),
        ocsp_der=bytes(row.ocsp_der) if row.ocsp_der is not None else None,
        time_stamp_der=bytes(stamp.der) if stamp is not None else None,
        root_pem=to_pem(own_root) if own_root != root else None,
        stamp_root_pem=to_pem(stamp_root) if stamp_root != root else None,
    )


def _issuer_and_root(certificate: Certificate) -> tuple[bytes, bytes]:
    """Return who issued a certificate, and the root of theirs: the bank's or another (CERT-11)."""
    outside = certificate.external_issuer
    if outside is not None:
        return bytes(outside.certificate_der), bytes(outside.authority.root_der)
    if certificate.issuer is None:
        raise AuthorityMissing
    issuer_der = bytes(certificate.issuer.certificate_der)
    return issuer_der, root_of(issuer_der)


def holder_by_public_id(public_id: str) -> User | None:
    """Return a person by their public id, or None."""
    return User.objects.filter(public_id=public_id).first()


def holder_by_serial(serial_number: str) -> User | None:
    """Return the person a certificate was issued to, or None."""
    return User.objects.filter(certificates__serial_number=serial_number).first()


@dataclass(frozen=True, slots=True)
class Stoppage:
    """Tell how a certificate went out of force: by whom, when, why.

    `by` is holder, company or bank; `who` is a colleague's name, the unit's for people of the
    bank, and empty where the bank's clock did it.
    """

    verb: str
    at: datetime
    reason: str
    by: str
    who: str


def stoppages(certificate_ids: Iterable[int]) -> dict[int, Stoppage]:
    """Return how these certificates last went out of force, where they did; two queries."""
    events = (
        CertificateEvent.objects.filter(certificate_id__in=list(certificate_ids), verb__in=STOPPING)
        .select_related("certificate")
        .order_by("certificate_id", "-pk")
        .distinct("certificate_id")
    )
    found = list(events)
    actors = User.objects.select_related("unit").in_bulk(
        [event.actor for event in found], field_name="public_id"
    )
    return {event.certificate_id: _stoppage(event, actors.get(event.actor)) for event in found}


def _stoppage(event: CertificateEvent, actor: User | None) -> Stoppage:
    by, who = "bank", ""
    if actor is not None and actor.pk == event.certificate.holder_id:
        by, who = "holder", actor.display_name
    elif actor is not None:
        # Customers deal with a branch, not with somebody of its staff.
        unit = actor.unit
        by, who = ("bank", unit.name) if unit is not None else ("company", actor.display_name)
    return Stoppage(event.verb, event.at, event.reason, by, who)
