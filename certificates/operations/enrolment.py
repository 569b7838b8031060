"""From a letter to a certificate that can sign: enrol, then prove the card (CERT-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from cryptography import x509
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from audit import operations as audit
from certificates import gateways
from certificates.errors import (
    CertificateStateChanged,
    EnrolmentUnknown,
    KeyAlreadyUsed,
    SignatureRefused,
    SigningReason,
    SigningRefused,
)
from certificates.formats.authority import build_holder_certificate, new_serial
from certificates.formats.profiles import HolderName, KeyStorage, Purpose, RevocationReason
from certificates.formats.requests import read_request
from certificates.formats.statements import StatementType
from certificates.models import Card, Certificate, Enrolment, SignRequest
from certificates.operations.history import move, note, target_of
from certificates.operations.issuers import current_authority, issuer_of
from certificates.operations.letters import lock_holder, try_letter
from certificates.operations.lifecycle import revoke_step
from certificates.operations.ocsp import renew_answers_step
from certificates.operations.showing import SignRequestFacts, show_step
from certificates.operations.signing import store_signature
from certificates.policies import (
    CERTIFICATE_LIFETIME,
    ENROLMENT_LIFETIME,
    StatementFields,
    check_pin,
)
from certificates.states import LIVE, CertificateState
from identity.models import User
from kernel import ids

CONFIRM = "certificates.certificate.confirm"
# How many openings of the page are looked through for the challenge that was signed.
MOST_CHALLENGES = 5


class EnrolOutcome(StrEnum):
    ISSUED = "ISSUED"
    LETTER_REFUSED = "LETTER_REFUSED"


@dataclass(frozen=True, slots=True)
class EnrolResult:
    """Tell how an enrolment ended; committed either way, because failed letters are counted.

    Where it succeeded, `certificate` is DER and `challenge` is what the new key has to sign.
    """

    outcome: EnrolOutcome
    certificate: bytes = b""
    challenge: SignRequestFacts | None = None


@transaction.atomic(durable=True)
def begin_enrolment(*, actor: User, session_key_sha256: str, now: datetime) -> str:
    """Return the nonce that this session's certificate request must carry, for half an hour.

    A newer one replaces it: a request made on an older page is refused.
    """
    nonce = ids.token(24)
    Enrolment.objects.update_or_create(
        user=actor,
        defaults={
            "session_key_sha256": session_key_sha256,
            "nonce": nonce,
            "expires_at": now + ENROLMENT_LIFETIME,
        },
    )
    return nonce


@transaction.atomic(durable=True)
def enrol(
    *,
    actor: User,
    session_key_sha256: str,
    audience: str,
    letter_number: str,
    secret: str,
    request_der: bytes,
    pin: str,
    now: datetime,
) -> EnrolResult:
    """Use a letter and a certificate request to issue a certificate, in one act (CERT-2).

    From the request nothing but the key is taken. Raises WeakPin, EnrolmentUnknown,
    RequestRefused and KeyAlreadyUsed before the letter is looked at, so that none of them tells
    anything about it; whatever fails about the letter is one returned outcome.
    """
    check_pin(pin, pin)
    pin_hash = make_password(pin)  # before any lock: it takes its time on purpose
    holder = lock_holder(actor.pk)
    enrolment = Enrolment.objects.filter(
        user=holder, session_key_sha256=session_key_sha256, expires_at__gt=now
    ).first()
    if enrolment is None:
        raise EnrolmentUnknown
    public_key = read_request(request_der, expected_nonce=enrolment.nonce)
    public_key_sha256 = hashlib.sha256(public_key).hexdigest()
    if Certificate.objects.filter(public_key_sha256=public_key_sha256).exists():
        raise KeyAlreadyUsed
    found = try_letter(holder=holder, number=letter_number, secret=secret, now=now)
    if found is None:
        return EnrolResult(EnrolOutcome.LETTER_REFUSED)
    letter, certificate = found
    letter.consume()
    letter.ended_at = now
    letter.save()
    enrolment.delete()
    certificate.card = _virtual_card(holder, pin_hash, now)
    _issue(certificate, public_key, now)
    try:
        with transaction.atomic():
            source = move(certificate, "enrol", now)
    except IntegrityError as error:  # somebody else had the same key certified meanwhile
        raise KeyAlreadyUsed from error
    note(
        certificate, verb="enrol", event="certificates.certificate.enrolled", source=source,
        actor=actor, now=now, after={"letter": letter.number, "sha256": certificate.sha256},
    )  # fmt: skip
    challenge = _challenge(certificate, session_key_sha256, audience, now)
    return EnrolResult(EnrolOutcome.ISSUED, bytes(certificate.der or b""), challenge)


@transaction.atomic(durable=True)
def prepare_confirmation(
    *, actor: User, session_key_sha256: str, audience: str, now: datetime
) -> SignRequestFacts | None:
    """Return a fresh challenge for a certificate that was issued and not confirmed, or None."""
    certificate = Certificate.objects.filter(
        holder=actor, purpose=Purpose.SIGNING.name, state=CertificateState.ISSUED
    ).first()
    if certificate is None:
        return None
    certificate.holder = actor
    return _challenge(certificate, session_key_sha256, audience, now)


@transaction.atomic(durable=True)
def confirm(
    *,
    actor: User,
    session_key_sha256: str,
    certificate_sha256: str,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> None:
    """Put a certificate into force after its key signed the challenge (CERT-2).

    The holder's older certificate in force, on hold or not, is revoked in the same transaction.
    Raises SigningRefused, SignatureRefused, CertificateStateChanged.
    """
    holder = lock_holder(actor.pk)
    certificate, replaced = _lock_certificates(holder, certificate_sha256)
    challenges = list(
        SignRequest.objects.select_for_update()
        .filter(
            user=holder, session_key_sha256=session_key_sha256, certificate=certificate,
            action=CONFIRM, used_at__isnull=True, expires_at__gt=now,
        )
        .order_by("-created_at", "pk")[:MOST_CHALLENGES]
    )  # fmt: skip
    _store_first_fitting(challenges, certificate, signature_der, signing_time, now)
    if replaced is not None:
        revoke_step(
            certificate=replaced, actor=actor, reason=RevocationReason.SUPERSEDED, now=now,
            why="replaced",
        )  # fmt: skip
    if certificate.card is not None:
        certificate.card.activate()
        certificate.card.save()
    source = move(certificate, "confirm", now)
    renew_answers_step(certificates=[certificate], now=now)
    note(
        certificate, verb="confirm", event="certificates.certificate.confirmed", source=source,
        actor=actor, now=now,
        after={"replaced": replaced.serial_number if replaced is not None else ""},
    )  # fmt: skip


def _store_first_fitting(
    challenges: Sequence[SignRequest],
    certificate: Certificate,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> None:
    """Store the signature with the challenge it was made over; each page opened makes one."""
    refusal: Exception = SigningRefused(SigningReason.REQUEST_EXPIRED)
    for challenge in challenges:
        try:
            store_signature(challenge, certificate, signature_der, signing_time, now)
        except SignatureRefused as error:
            refusal = error
        else:
            return
    raise refusal


def _lock_certificates(
    holder: User, certificate_sha256: str
) -> tuple[Certificate, Certificate | None]:
    """Lock the certificate to confirm and the one it replaces, in order of their rows."""
    rows = list(
        Certificate.objects.select_related("card")
        .select_for_update(of=("self",))
        .filter(
            holder=holder, purpose=Purpose.SIGNING.name, state__in=[CertificateState.ISSUED, *LIVE]
        )
        .order_by("pk")
    )
    for row in rows:
        row.holder = holder
    asked = next((row for row in rows if row.sha256 == certificate_sha256), None)
    if asked is None:
        raise SigningRefused(SigningReason.NO_CERTIFICATE)
    if asked.state != CertificateState.ISSUED:
        raise CertificateStateChanged(asked.state)
    return asked, next((row for row in rows if row.state in LIVE), None)


def _virtual_card(holder: User, pin_hash: str, now: datetime) -> Card:
    card = Card(holder=holder, kind=Card.Kind.VIRTUAL, pin_hash=pin_hash, created_at=now)
    card.assign()
    card.save(force_insert=True)
    return card


def _issue(certificate: Certificate, public_key: bytes, now: datetime) -> None:
    """Have the certificate made and put what it says into the row; the caller saves."""
    certificate.issuer = current_authority()
    der = build_holder_certificate(
        issuer=issuer_of(certificate.issuer),
        public_key=public_key,
        holder=_holder_name(certificate.holder),
        purpose=Purpose.SIGNING,
        key_storage=KeyStorage.BROWSER,
        serial=new_serial(),
        now=now,
        not_after=now + CERTIFICATE_LIFETIME,
    )
    loaded = x509.load_der_x509_certificate(der)
    certificate.der = der
    certificate.sha256 = hashlib.sha256(der).hexdigest()
    certificate.public_key_sha256 = hashlib.sha256(public_key).hexdigest()
    certificate.serial_number = f"{loaded.serial_number:x}"
    certificate.storage = KeyStorage.BROWSER.name
    certificate.not_before = loaded.not_valid_before_utc
    certificate.not_after = loaded.not_valid_after_utc
    certificate.issued_at = now


def _holder_name(holder: User) -> HolderName:
    company = holder.company
    return HolderName(
        common_name=holder.display_name,
        organization=company.name if company is not None else gateways.bank_name(),
        unified_number=company.code if company is not None else gateways.bank_unified_number(),
        holder_number=holder.public_id,
    )


def _challenge(
    certificate: Certificate, session_key_sha256: str, audience: str, now: datetime
) -> SignRequestFacts:
    audit.require_transaction()
    facts: Mapping[str, str] = {"serial_number": certificate.serial_number or ""}
    return show_step(
        certificate=certificate,
        session_key_sha256=session_key_sha256,
        fields=StatementFields(
            typ=StatementType.ENROL, action=CONFIRM, audience=audience, facts=facts,
            text=certificate.serial_number or "",
        ),
        request_key=target_of(certificate),
        now=now,
    )  # fmt: skip
