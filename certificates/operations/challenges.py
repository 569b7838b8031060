"""What a card signs about its own certificate: statements that belong to no request (SIGN-2)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from certificates import gateways
from certificates.errors import SigningReason, SigningRefused, SigningStale
from certificates.formats.profiles import KeyStorage
from certificates.formats.statements import StatementType
from certificates.models import Certificate, SignRequest
from certificates.operations.showing import check_open, refuse, standing_of
from certificates.operations.signing import SignatureFacts, store_signature
from certificates.policies import (
    ACTIVATE,
    RENEW,
    StatementFields,
    is_still_asked,
    lifting_refusal,
    standing_refusal,
)

_WORDS = {
    ACTIVATE: _("Lift the suspension of my certificate"),
    RENEW: _("Renew my certificate for two new keys of this card"),
}


def own_fields(
    action: str, certificate: Certificate, audience: str, facts: Mapping[str, str] | None = None
) -> StatementFields:
    """Return what the holder is asked to sign about their own certificate."""
    serial_number = certificate.serial_number or ""
    return StatementFields(
        typ=StatementType.CERTIFICATE,
        action=action,
        audience=audience,
        facts={"serial_number": serial_number, **(facts or {})},
        text=str(format_lazy("{} {}", _WORDS[action], serial_number)),
    )


def take_own_signature(
    certificate: Certificate,
    *,
    fields: StatementFields,
    session_key_sha256: str,
    sign_request_id: str,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> SignatureFacts:
    """Accept a card's signature about its own, locked certificate; a step.

    It must be over what this session was shown, and a virtual card's PIN must have been given.
    Raises SigningRefused, SigningStale, SignatureRefused.
    """
    request = (
        SignRequest.objects.select_for_update()
        .filter(
            pk=sign_request_id, user=certificate.holder, certificate=certificate,
            action=fields.action, session_key_sha256=session_key_sha256,
        )
        .first()
    )  # fmt: skip
    if request is None:
        raise SigningRefused(SigningReason.REQUEST_EXPIRED)
    check_open(request, now)
    # The words were shown in the reader's language of that moment; the rest is held bytewise.
    if not is_still_asked(bytes(request.statement), fields.without_text()):
        raise SigningStale("certificates.signing.changed")
    standing = standing_of(certificate, certificate.card.state if certificate.card else None)
    judge = lifting_refusal if fields.action == ACTIVATE else standing_refusal
    refuse(judge(standing, allowed_storages=gateways.allowed_storages(), now=now))
    if certificate.storage == KeyStorage.BROWSER.name and request.unlocked_at is None:
        raise SigningRefused(SigningReason.NOT_UNLOCKED)
    return store_signature(request, certificate, signature_der, signing_time, now)
