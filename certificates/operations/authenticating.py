"""Show that a person holds their card, by its key for signing in (AUTH-5)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from certificates import gateways
from certificates.errors import SigningReason, SigningRefused, SigningStale
from certificates.formats.cades import check_signature
from certificates.formats.profiles import KeyStorage, Purpose
from certificates.formats.statements import StatementType
from certificates.models import Certificate, SignRequest
from certificates.operations.history import target_of
from certificates.operations.showing import (
    SignRequestFacts,
    UnlockResult,
    refuse,
    show_step,
    standing_of,
    unlock,
)
from certificates.operations.signing import check_request, lock_shown
from certificates.policies import (
    FUTURE_TOLERANCE,
    STEP_UP,
    StatementFields,
    is_still_asked,
    standing_refusal,
    whole_second,
)
from certificates.queries.authenticating import authenticating_row
from identity.models import User
from identity.operations import step_up_step
from identity.policies import Factor


@transaction.atomic(durable=True)
def begin_authentication(
    *, actor: User, session_key_sha256: str, audience: str, now: datetime
) -> SignRequestFacts:
    """Store the statement by which a person's card shows that they are there, and return it.

    It is for their certificate for signing in, this session and this site, for five minutes and
    one use. Raises SigningRefused where the card or its certificate cannot be used.
    """
    certificate = authenticating_row(actor.pk)
    if certificate is None:
        raise SigningRefused(SigningReason.NO_CERTIFICATE)
    _check_standing(certificate, certificate.card.state if certificate.card else None, now)
    certificate.holder = actor
    return show_step(
        certificate=certificate,
        session_key_sha256=session_key_sha256,
        fields=_fields(certificate, actor, audience),
        request_key=target_of(certificate),
        now=now,
    )


def unlock_authentication(
    *, actor: User, session_key_sha256: str, sign_request_id: str, pin: str, now: datetime
) -> UnlockResult:
    """Check a virtual card's PIN for such a statement, and for nothing else (SIGN-6).

    The tries are those of signing: the third wrong PIN in a row locks the card. Opens the door
    `unlock` and raises what it does.
    """
    return unlock(
        actor=actor, session_key_sha256=session_key_sha256, sign_request_id=sign_request_id,
        pin=pin, now=now, action=STEP_UP,
    )  # fmt: skip


@transaction.atomic(durable=True)
def authenticate(
    *,
    actor: User,
    session_key_sha256: str,
    audience: str,
    sign_request_id: str,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> str:
    """Take the card's signature over what was shown; return the session's new key (AUTH-5).

    The certificate is locked FOR SHARE, so that no suspension can pass. What was open to be
    signed under the session's old key is dead. Raises SignRequestUnknown, SigningStale,
    SigningRefused, SignatureRefused, StandingChanged; nothing is changed then.
    """
    certificate, request, card_state = lock_shown(sign_request_id)
    check_request(request, actor.pk, session_key_sha256, now)
    expected = _fields(certificate, actor, audience).without_text()
    same = request.action == STEP_UP and is_still_asked(bytes(request.statement), expected)
    if not same or request.created_at < whole_second(certificate.state_since):
        raise SigningStale("certificates.signing.changed")
    _check_standing(certificate, card_state, now)
    if certificate.storage == KeyStorage.BROWSER.name and request.unlocked_at is None:
        raise SigningRefused(SigningReason.NOT_UNLOCKED)
    check_signature(
        statement=bytes(request.statement),
        certificate=bytes(certificate.der or b""),
        signing_time=signing_time,
        signature=signature_der,
        not_before=request.created_at,
        not_after=min(request.expires_at, now + FUTURE_TOLERANCE),
        purpose=Purpose.AUTHENTICATION,
    )
    SignRequest.objects.filter(pk=request.pk).update(used_at=now)
    return step_up_step(user=actor, key_sha256=session_key_sha256, factor=Factor.CARD, now=now)


def _fields(certificate: Certificate, actor: User, audience: str) -> StatementFields:
    serial_number = certificate.serial_number or ""
    words = _("Confirm with the card that it is me")
    return StatementFields(
        typ=StatementType.SIGN_IN,
        action=STEP_UP,
        audience=audience,
        facts={"person": actor.display_name, "serial_number": serial_number},
        text=str(format_lazy("{}: {}, {}", words, actor.display_name, audience)),
    )


def _check_standing(certificate: Certificate, card_state: str | None, now: datetime) -> None:
    standing = standing_of(certificate, card_state)
    refuse(standing_refusal(standing, allowed_storages=gateways.allowed_storages(), now=now))
