"""Suspend and revoke: at once, for everyone to see in the same transaction (CERT-3, CERT-5)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django_fsm import can_proceed

from audit import operations as audit
from certificates.errors import CertificateStateChanged, CertificateUnknown
from certificates.formats.profiles import RevocationReason
from certificates.models import Card, Certificate
from certificates.operations.authority import publish_crl_step
from certificates.operations.history import move, note
from certificates.permissions import Permission, check_manage
from certificates.policies import suspension_verb
from certificates.states import CARD_VERBS, LIVE, CertificateState
from identity.models import User
from kernel.machines import sources


@transaction.atomic(durable=True)
def suspend(
    *, serial_number: str, actor: User | None, now: datetime, reason: str = ""
) -> CertificateState:
    """Put a certificate on hold at once and publish it; the third time it is revoked (CERT-4).

    Returns the state it came to. Raises CertificateUnknown, PermissionMissing and, when it is not
    in force (a second click comes here), CertificateStateChanged.
    """
    certificate = _lock_for(serial_number, actor, Permission.SUSPEND)
    return suspend_step(certificate=certificate, actor=actor, now=now, reason=reason)


def suspend_step(
    *, certificate: Certificate, actor: User | None, now: datetime, reason: str = ""
) -> CertificateState:
    """Suspend a certificate that the caller has locked, as part of a larger act."""
    audit.require_transaction()
    if certificate.state != CertificateState.ACTIVE:
        raise CertificateStateChanged(certificate.state)
    verb = suspension_verb(certificate.suspensions)
    final = verb == "suspend_finally"
    listed = RevocationReason.PRIVILEGE_WITHDRAWN if final else RevocationReason.CERTIFICATE_HOLD
    certificate.listed_at, certificate.listed_reason = now, listed.name
    source = move(certificate, verb, now)
    if final:
        _end_card(certificate)
    told = _tell_world(certificate, now)
    note(
        certificate, verb=verb, event="certificates.certificate.suspended", source=source,
        actor=actor, now=now, reason=reason, after=told,
    )  # fmt: skip
    return CertificateState(certificate.state)


@transaction.atomic(durable=True)
def revoke(
    *,
    serial_number: str,
    reason: RevocationReason,
    actor: User | None,
    now: datetime,
    why: str = "",
) -> None:
    """Revoke a certificate for ever and publish it (CERT-5).

    `reason` is what the list tells the world; a hold is not a reason. Raises CertificateUnknown,
    PermissionMissing, CertificateStateChanged.
    """
    certificate = _lock_for(serial_number, actor, Permission.REVOKE)
    revoke_step(certificate=certificate, actor=actor, reason=reason, now=now, why=why)


def revoke_step(
    *,
    certificate: Certificate,
    reason: RevocationReason,
    actor: User | None,
    now: datetime,
    why: str = "",
) -> None:
    """Revoke a certificate that the caller has locked, as part of a larger act."""
    audit.require_transaction()
    if reason is RevocationReason.CERTIFICATE_HOLD:
        raise ValueError("a hold is not a revocation")
    if not can_proceed(certificate.revoke):
        raise CertificateStateChanged(certificate.state)
    certificate.listed_at, certificate.listed_reason = now, reason.name
    source = move(certificate, "revoke", now)
    _end_card(certificate)
    told = _tell_world(certificate, now)
    note(
        certificate, verb="revoke", event="certificates.certificate.revoked", source=source,
        actor=actor, now=now, reason=why, after={**told, "reason": reason.name},
    )  # fmt: skip


def _tell_world(certificate: Certificate, now: datetime) -> dict[str, object]:
    """Publish a list that tells it; of an outside certificate only its authority may (CERT-11)."""
    if certificate.external_issuer_id is not None:
        return {}
    return {"crl": publish_crl_step(now=now, changed=[certificate]).number}


def _lock_for(serial_number: str, actor: User | None, permission: str) -> Certificate:
    certificate = (
        Certificate.objects.select_related("holder__company__branch", "holder__unit")
        .select_for_update(of=("self",))
        .filter(serial_number=serial_number)
        .first()
    )
    if certificate is None:
        raise CertificateUnknown
    check_manage(actor, certificate.holder, permission)
    return certificate


def _end_card(certificate: Certificate) -> None:
    """End the card of a revoked certificate, unless another certificate in force is on it."""
    if certificate.card_id is None:
        return
    card = Card.objects.select_for_update().get(pk=certificate.card_id)
    shared = Certificate.objects.filter(card=card, state__in=LIVE).exclude(pk=certificate.pk)
    if card.state in sources(CARD_VERBS, "terminate") and not shared.exists():
        card.terminate()
        card.save()
