"""From a letter to a certificate that can sign: enrol, then prove the card (CERT-2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Q

from alerts.render import Event
from audit import operations as audit
from certificates.errors import (
    CertificateStateChanged,
    PinNotWanted,
    SignatureRefused,
    SigningReason,
    SigningRefused,
)
from certificates.formats.profiles import KeyStorage, Purpose, RevocationReason
from certificates.formats.statements import StatementType
from certificates.models import Card, Certificate, Enrolment, Letter, SignRequest
from certificates.operations.history import note, target_of
from certificates.operations.issuing import (
    check_made_on,
    issue_pair,
    keep_issued,
    open_enrolment,
    read_keys,
)
from certificates.operations.lifecycle import revoke_step
from certificates.operations.ocsp import renew_answers_step
from certificates.operations.pairs import lock_holder, lock_rows, move_pair, pair_of
from certificates.operations.showing import SignRequestFacts, show_step
from certificates.operations.signing import store_signature
from certificates.operations.telling import tell
from certificates.operations.trying import consume, try_letter
from certificates.policies import ENROLMENT_LIFETIME, StatementFields, check_pin
from certificates.states import ENDABLE, LIVE, CardState, CertificateState
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

    Where it succeeded, both certificates are DER and `challenge` is what the new signing key has
    to sign.
    """

    outcome: EnrolOutcome
    certificate: bytes = b""
    authentication_certificate: bytes = b""
    challenge: SignRequestFacts | None = None


def issued(certificate: Certificate, challenge: SignRequestFacts) -> EnrolResult:
    """Return what a page needs of a pair that was just issued."""
    companion = certificate.companion
    return EnrolResult(
        EnrolOutcome.ISSUED,
        bytes(certificate.der or b""),
        bytes(companion.der or b"") if companion is not None else b"",
        challenge,
    )


@transaction.atomic(durable=True)
def begin_enrolment(*, actor: User, session_key_sha256: str, now: datetime) -> str:
    """Return the nonce that this session's certificate request must carry, for half an hour.

    A newer one replaces it: a request made on an older page is refused.
    """
    return open_nonce(actor, session_key_sha256, now)


def open_nonce(actor: User, session_key_sha256: str, now: datetime) -> str:
    """Keep a fresh nonce for the requests of this session and return it; a step."""
    audit.require_transaction()
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
    authentication_request_der: bytes,
    pin: str,
    made_on: KeyStorage,
    now: datetime,
) -> EnrolResult:
    """Use a letter and two certificate requests to issue a pair of certificates (CERT-2).

    One for signing, one for signing in, on two keys of the same card. From the requests nothing
    but the keys is taken. `made_on` says where the caller made the keys, `pin` is the new PIN of a
    virtual card; a card of the bank keeps its own. Raises WeakPin, PinNotWanted, EnrolmentUnknown,
    RequestRefused and KeyAlreadyUsed before the letter is looked at, so that none of them tells
    anything about it; whatever fails about the letter is one returned outcome. Raises
    KeyMadeElsewhere only after number and secret were right: nothing is counted or used up, and
    whoever does not hold the letter never learns what it is for.
    """
    pin_hash = _new_pin(made_on, pin)  # before any lock: it takes its time on purpose
    holder = lock_holder(actor.pk)
    enrolment = open_enrolment(holder, session_key_sha256, now)
    keys = read_keys(enrolment, request_der, authentication_request_der)
    found = try_letter(
        holder=holder, purpose=Letter.Purpose.ENROL, number=letter_number, secret=secret, now=now
    )
    if found is None:
        return EnrolResult(EnrolOutcome.LETTER_REFUSED)
    letter, certificate = found
    check_made_on(certificate, made_on, "enrolment")
    enrolment.delete()
    if certificate.card_id is None:
        certificate.card = _virtual_card(holder, pin_hash, now)
    consume(letter, now)
    issue_pair(certificate, keys, now)
    source = keep_issued(certificate, "enrol", now)
    challenge = challenge_of(certificate, session_key_sha256, audience, now)
    note(
        certificate, verb="enrol", event="certificates.certificate.enrolled", source=source,
        actor=actor, now=now, after={"letter": letter.number, "sha256": certificate.sha256},
    )  # fmt: skip
    return issued(certificate, challenge)


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
    return challenge_of(certificate, session_key_sha256, audience, now)


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
    store_first_fitting(challenges, certificate, signature_der, signing_time, now)
    if replaced is not None:
        revoke_step(
            certificate=replaced, actor=actor, reason=RevocationReason.SUPERSEDED, now=now,
            why="replaced", replaced_by=certificate,
        )  # fmt: skip
    _put_to_use(certificate.card)
    source = move_pair(certificate, "confirm", now)
    tell(certificate, Event.CERTIFICATE_CONFIRMED, actor=actor, now=now)
    renew_answers_step(certificates=pair_of(certificate), now=now)
    note(
        certificate, verb="confirm", event="certificates.certificate.confirmed", source=source,
        actor=actor, now=now,
        after={"replaced": replaced.serial_number if replaced is not None else ""},
    )  # fmt: skip


def store_first_fitting(
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
    """Lock the certificate to confirm and the one it replaces, with their companions."""
    rows = lock_rows(holder, Q(state__in=ENDABLE))
    asked = next((row for row in rows if row.sha256 == certificate_sha256), None)
    if asked is None:
        raise SigningRefused(SigningReason.NO_CERTIFICATE)
    if asked.state != CertificateState.ISSUED:
        raise CertificateStateChanged(asked.state)
    return asked, next((row for row in rows if row.state in LIVE), None)


def _new_pin(made_on: KeyStorage, pin: str) -> str:
    """Return the hash of a virtual card's new PIN; empty text where the card keeps its own."""
    if made_on is not KeyStorage.BROWSER:
        if pin:
            raise PinNotWanted
        return ""
    check_pin(pin, pin)
    return make_password(pin)


def _put_to_use(card: Card | None) -> None:
    """Activate a card whose first key has proved itself; a card that renews is in use already."""
    if card is not None and card.state == CardState.ASSIGNED:
        card.activate()
        card.save()


def _virtual_card(holder: User, pin_hash: str, now: datetime) -> Card:
    card = Card(holder=holder, kind=Card.Kind.VIRTUAL, pin_hash=pin_hash, created_at=now)
    card.assign()
    card.save(force_insert=True)
    return card


def challenge_of(
    certificate: Certificate, session_key_sha256: str, audience: str, now: datetime
) -> SignRequestFacts:
    """Show the statement by which a new key proves itself; a step."""
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
