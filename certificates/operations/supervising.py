"""Suspend and revoke on the web: an enterprise's supervisor alone, signed by their own card.

One person is enough (CERT-3, DUAL-6), so what they signed must say everything: which certificate
of whom, which verb, why, and the digest of what they were told would stop (CERT-9).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from audit import operations as audit
from certificates.errors import (
    CertificateStateChanged,
    CertificateUnknown,
    OwnCertificate,
    ReasonNeeded,
)
from certificates.formats.profiles import Purpose, RevocationReason
from certificates.formats.statements import Fact, StatementType
from certificates.models import Certificate
from certificates.operations.history import target_of
from certificates.operations.lifecycle import revoke_step, suspend_step
from certificates.operations.pairs import lock_certificate, lock_holder
from certificates.operations.showing import SignRequestFacts, prepare_signature
from certificates.operations.signing import accept_signature, verify_signature
from certificates.permissions import Permission, check_manage
from certificates.policies import StatementFields, suspension_verb
from certificates.states import CERTIFICATE_VERBS, CertificateState
from identity.errors import PermissionMissing
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form, hold_standing, home_chain
from identity.queries import earlier_outcome, grants_of, permissions_of
from kernel.canonical import plain_text
from kernel.errors import DomainError
from kernel.machines import sources


class CertificateAct(StrEnum):
    """Name what a supervisor may do to a certificate alone."""

    SUSPEND = "suspend"
    REVOKE = "revoke"


PERMISSIONS = {
    CertificateAct.SUSPEND: Permission.SUSPEND,
    CertificateAct.REVOKE: Permission.REVOKE,
}
# What a supervisor can know; the other reasons of the list are the bank's to give.
CAUSES = (
    RevocationReason.KEY_COMPROMISE,
    RevocationReason.AFFILIATION_CHANGED,
    RevocationReason.CESSATION_OF_OPERATION,
    RevocationReason.PRIVILEGE_WITHDRAWN,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """Say what is to be done to which certificate, why, and after which preview.

    `cause` is what the revocation list tells the world, None for a suspension; `impact_sha256`
    (hex) is the digest of the preview.
    """

    act: CertificateAct
    serial_number: str
    reason: str
    impact_sha256: str
    cause: RevocationReason | None = None


@dataclass(frozen=True, slots=True)
class SignedAct:
    """Carry what came back from the card: which statement, the signature (DER), when it was made.

    `audience` is the origin of the site it was sent to, such as `https://bank.example`.
    """

    sign_request_id: str
    signature: bytes
    signing_time: datetime
    session_key_sha256: str
    audience: str


def prepare_certificate_act(
    *, actor: User, asked: Asked, session_key_sha256: str, audience: str, now: datetime
) -> SignRequestFacts:
    """Keep the statement of suspending or revoking a certificate, for the actor's card to sign.

    Reads, and opens the door `prepare_signature`. Raises CertificateUnknown, PermissionMissing,
    OwnCertificate, CertificateStateChanged, ReasonNeeded, SigningRefused.
    """
    asked = _clean(asked)
    certificate = _judge(actor, asked)
    lines = act_lines(
        asked.act, certificate.serial_number or "", certificate.holder.display_name,
        certificate.suspensions,
    )  # fmt: skip
    text = "\n".join([*(f"{label}: {value}" for label, value in lines), asked.reason])
    return prepare_signature(
        actor=actor,
        session_key_sha256=session_key_sha256,
        fields=_statement(certificate, asked, audience=audience, text=text),
        request_key=target_of(certificate),
        now=now,
    )


@transaction.atomic(durable=True)
def suspend_signed(
    *, actor: User, asked: Asked, signed: SignedAct, form_key: str, now: datetime
) -> CertificateState:
    """Put a member's certificate on hold at once, signed; the third time it is revoked (CERT-3).

    Returns the state it came to. Raises as `prepare_certificate_act` does, and what the
    signature's check refuses. A second sending of the same form changes nothing (TRF-8).
    """
    return _act(actor, asked, signed, form_key, now, _suspend)


@transaction.atomic(durable=True)
def revoke_signed(
    *, actor: User, asked: Asked, signed: SignedAct, form_key: str, now: datetime
) -> CertificateState:
    """Revoke a member's certificate for ever, signed (CERT-5, DUAL-6). As `suspend_signed`."""
    return _act(actor, asked, signed, form_key, now, _revoke)


def act_lines(
    act: CertificateAct, serial_number: str, holder_name: str, suspensions: int
) -> list[tuple[str, str]]:
    """Return what a signer of such an act reads, in their language: label and value."""
    final = act == CertificateAct.REVOKE or suspension_verb(suspensions) == "suspend_finally"
    verbs = {CertificateAct.SUSPEND: _("Suspend"), CertificateAct.REVOKE: _("Revoke")}
    follows = (
        _("The certificate ends for ever; only a new application at the branch replaces it.")
        if final
        else _("The certificate cannot sign until the branch lifts the suspension.")
    )
    return [
        (_("Act"), verbs[act]),
        (_("Holder"), holder_name),
        (_("Serial number"), serial_number),
        (_("What follows"), follows),
    ]


def _act(
    actor: User,
    asked: Asked,
    signed: SignedAct,
    form_key: str,
    now: datetime,
    move: Callable[[Certificate, User, Asked, datetime], object],
) -> CertificateState:
    # As with decisions: judge and verify before anything is locked, then lock in the house's
    # order, and let the signature's acceptance insist that what was judged still stands.
    key = form_name(asked.act, asked.serial_number, form_key)
    try:
        asked = _clean(asked)
        certificate = _judge(actor, asked)
        signature: dict[str, Any] = {
            "actor_id": actor.pk,
            "session_key_sha256": signed.session_key_sha256,
            "sign_request_id": signed.sign_request_id,
            "expected": _statement(certificate, asked, audience=signed.audience, text=None),
            "signature_der": signed.signature,
            "signing_time": signed.signing_time,
            "now": now,
        }
        verified = verify_signature(**signature)
    except DomainError:
        # A second sending meets what the first one changed: it gets its answer.
        if earlier_outcome(actor=actor, key=key):
            return _state_of(asked.serial_number)
        raise
    if claim_form(actor=actor, key=key, outcome=asked.serial_number, now=now):
        return _state_of(asked.serial_number)
    # Two supervisors may act on each other: people are locked in order of their rows.
    for person in sorted({actor.pk, certificate.holder_id}):
        lock_holder(person)
    _hold_rights(actor, PERMISSIONS[asked.act], now)
    locked = lock_certificate(certificate_id=certificate.pk)
    if (locked.state, locked.state_since) != (certificate.state, certificate.state_since):
        raise CertificateStateChanged(locked.state)
    accepted = accept_signature(
        **signature, function=_action(asked.act), amount=None, verified=verified
    )
    move(locked, actor, asked, now)
    audit.record(
        chain=home_chain(locked.holder), event="certificates.certificate.act_signed",
        actor=actor.public_id, target=target_of(locked), now=now, reason=asked.reason,
        after={
            "act": str(asked.act),
            "impact": asked.impact_sha256,
            "signature": accepted.cms_sha256,
        },
    )  # fmt: skip
    return CertificateState(locked.state)


def _suspend(certificate: Certificate, actor: User, asked: Asked, now: datetime) -> None:
    suspend_step(certificate=certificate, actor=actor, now=now, reason=asked.reason)


def _revoke(certificate: Certificate, actor: User, asked: Asked, now: datetime) -> None:
    revoke_step(
        certificate=certificate, reason=asked.cause or RevocationReason.UNSPECIFIED, actor=actor,
        now=now, why=asked.reason,
    )  # fmt: skip


def _clean(asked: Asked) -> Asked:
    reason = plain_text(" ".join(asked.reason.split()), field="reason")
    if not reason:
        raise ReasonNeeded
    revoking = asked.act == CertificateAct.REVOKE
    cause = (asked.cause if asked.cause in CAUSES else None) if revoking else None
    if revoking and cause is None:
        raise ReasonNeeded(field="cause")
    return Asked(asked.act, asked.serial_number, reason, asked.impact_sha256, cause)


def _judge(actor: User, asked: Asked) -> Certificate:
    """Read a certificate and insist that the actor may do this to it as it stands."""
    certificate = (
        _certificates()
        .filter(serial_number=asked.serial_number, purpose=Purpose.SIGNING.name)
        .first()
    )
    if certificate is None:
        raise CertificateUnknown
    check_manage(actor, certificate.holder, PERMISSIONS[asked.act])
    if certificate.holder_id == actor.pk:
        raise OwnCertificate
    if certificate.state not in sources(CERTIFICATE_VERBS, str(asked.act)):
        raise CertificateStateChanged(certificate.state)
    return certificate


def _hold_rights(actor: User, permission: str, now: datetime) -> None:
    """Lock what the actor's right rests on, and insist that it still gives them this right."""
    hold_standing(actor=actor, grant_ids=frozenset(grants_of(actor.pk, now=now)))
    if permission not in permissions_of(actor.pk, now=now):
        raise PermissionMissing(permission)


def _certificates() -> QuerySet[Certificate]:
    return Certificate.objects.select_related("holder__company__branch", "holder__unit")


def _state_of(serial_number: str) -> CertificateState:
    rows = Certificate.objects.filter(serial_number=serial_number)
    return CertificateState(rows.values_list("state", flat=True).get())


def _action(act: CertificateAct) -> str:
    return f"certificates.certificate.{act}"


def _statement(
    certificate: Certificate, asked: Asked, *, audience: str, text: str | None
) -> StatementFields:
    """Return what a signature of this act covers; the count decides whether it is for ever."""
    facts: dict[str, Fact] = {
        "serial_number": certificate.serial_number or "",
        "holder": certificate.holder.public_id,
        "holder_name": certificate.holder.display_name,
        "state": str(certificate.state),
        "suspensions": str(certificate.suspensions),
        "reason": asked.reason,
        "impact_sha256": asked.impact_sha256,
    }
    if asked.cause is not None:
        facts["cause"] = asked.cause.name
    return StatementFields(
        typ=StatementType.CERTIFICATE,
        action=_action(asked.act),
        audience=audience,
        text=text,
        facts=facts,
    )
