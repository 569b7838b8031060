"""Lift a suspension: released at the counter, a new letter, a card-signed challenge (CERT-4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db import transaction
from django.db.models import Q

from alerts.render import Event
from certificates.errors import (
    CardLost,
    CertificateStateChanged,
    SigningReason,
    SigningRefused,
)
from certificates.models import Certificate, Letter
from certificates.operations.challenges import own_fields, take_own_signature
from certificates.operations.history import note, target_of
from certificates.operations.letters import prepare_letter
from certificates.operations.lifecycle import tell_world
from certificates.operations.pairs import (
    lock_certificate,
    lock_holder,
    lock_rows,
    move_pair,
    pair_of,
)
from certificates.operations.showing import (
    SignRequestFacts,
    show_step,
)
from certificates.operations.telling import tell
from certificates.operations.trying import consume, try_letter
from certificates.permissions import check_theirs
from certificates.policies import (
    ACTIVATE,
)
from certificates.states import CardState, CertificateState
from identity.models import User


class ActivateOutcome(StrEnum):
    ACTIVE = "ACTIVE"
    LETTER_REFUSED = "LETTER_REFUSED"


@dataclass(frozen=True, slots=True)
class ActivateResult:
    """Tell how a lifting ended; committed either way, because failed letters are counted."""

    outcome: ActivateOutcome


def release_unsuspension_step(*, certificate_id: int, actor: User | None, now: datetime) -> None:
    """Let a suspended certificate wait for its holder's letter, which is to be printed (CERT-4).

    It stays on hold. Raises CertificateUnknown, CertificateStateChanged, and CardLost where the
    card is gone for ever: then a new certificate is applied for.
    """
    certificate = lock_certificate(certificate_id=certificate_id)
    check_theirs(actor, certificate.holder)
    if certificate.state != CertificateState.SUSPENDED:
        raise CertificateStateChanged(certificate.state)
    if certificate.card is not None and certificate.card.state != CardState.ACTIVE:
        raise CardLost
    source = move_pair(certificate, "release_unsuspension", now)
    letter = prepare_letter(certificate, now)
    note(
        certificate, verb="release_unsuspension",
        event="certificates.certificate.unsuspension_released", source=source, actor=actor,
        now=now, after={"letter": letter.number},
    )  # fmt: skip


@transaction.atomic(durable=True)
def prepare_activation(
    *, actor: User, session_key_sha256: str, audience: str, now: datetime
) -> SignRequestFacts | None:
    """Return what the card of a certificate whose suspension is being lifted has to sign, or None.

    A virtual card's PIN opens it with `unlock`, as with everything that is signed.
    """
    certificate = Certificate.objects.select_related("card").filter(_lifted(), holder=actor).first()
    if certificate is None:
        return None
    certificate.holder = actor
    return show_step(
        certificate=certificate,
        session_key_sha256=session_key_sha256,
        fields=own_fields(ACTIVATE, certificate, audience),
        request_key=target_of(certificate),
        now=now,
    )


@transaction.atomic(durable=True)
def activate(
    *,
    actor: User,
    session_key_sha256: str,
    audience: str,
    letter_number: str,
    secret: str,
    sign_request_id: str,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> ActivateResult:
    """Put a suspended certificate back into force with its letter and its card (CERT-4).

    The card's signature over what `prepare_activation` showed is verified first; whatever fails
    about the letter is one returned outcome. The next revocation list, in the same transaction,
    no longer names the certificate. Raises SigningRefused, SignatureRefused, SigningStale.
    """
    holder = lock_holder(actor.pk)
    certificate = next(iter(lock_rows(holder, _lifted())), None)
    if certificate is None:
        raise SigningRefused(SigningReason.NO_CERTIFICATE)
    take_own_signature(
        certificate, fields=own_fields(ACTIVATE, certificate, audience),
        session_key_sha256=session_key_sha256, sign_request_id=sign_request_id,
        signature_der=signature_der, signing_time=signing_time, now=now,
    )  # fmt: skip
    found = try_letter(
        holder=holder, purpose=Letter.Purpose.UNSUSPEND, number=letter_number, secret=secret,
        now=now,
    )  # fmt: skip
    if found is None:
        return ActivateResult(ActivateOutcome.LETTER_REFUSED)
    consume(found[0], now)
    source = move_pair(certificate, "activate", now, listed_at=None, listed_reason="")
    told = tell_world(pair_of(certificate), now)
    tell(certificate, Event.CERTIFICATE_ACTIVATED, actor=actor, now=now)
    note(
        certificate, verb="activate", event="certificates.certificate.activated", source=source,
        actor=actor, now=now, after={"letter": found[0].number, **told},
    )  # fmt: skip
    return ActivateResult(ActivateOutcome.ACTIVE)


def _lifted() -> Q:
    return Q(purpose="SIGNING", state=CertificateState.UNSUSPENDING)
