"""Suspend and revoke: at once, for everyone to see in the same transaction (CERT-3, CERT-5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django_fsm import can_proceed

from alerts.render import Event
from audit import operations as audit
from certificates.errors import CertificateStateChanged, CertificateUnknown
from certificates.formats.profiles import RevocationReason
from certificates.models import Card, Certificate
from certificates.operations.authority import publish_crl_step
from certificates.operations.history import note
from certificates.operations.pairs import (
    end_letters,
    lock_certificate,
    lock_rows,
    move_pair,
    pair_of,
)
from certificates.operations.telling import tell
from certificates.permissions import Permission, check_manage
from certificates.policies import suspension_verb
from certificates.states import (
    CARD_VERBS,
    ENDABLE,
    LIVE,
    ON_HOLD,
    WAITING,
    CertificateState,
)
from identity import operations as identity
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
    """Suspend a certificate that `lock_certificate` has locked, as part of a larger act.

    Its companion goes with it, its holder's sessions end (SES-2), and what waits for the holder
    is taken out: nothing the branch decided before may undo what happens now (CERT-4).
    """
    audit.require_transaction()
    if certificate.state != CertificateState.ACTIVE:
        raise CertificateStateChanged(certificate.state)
    verb = suspension_verb(certificate.suspensions)
    final = verb == "suspend_finally"
    listed = RevocationReason.PRIVILEGE_WITHDRAWN if final else RevocationReason.CERTIFICATE_HOLD
    source = move_pair(certificate, verb, now, listed_at=now, listed_reason=listed.name)
    if final:
        end_card(certificate)
    ended = _take_out_waiting(certificate, actor, now, "suspended")
    changed = [*pair_of(certificate), *_pairs(ended)]
    told = tell_world(changed, now)
    event = Event.CERTIFICATE_REVOKED if final else Event.CERTIFICATE_SUSPENDED
    tell(certificate, event, actor=actor, now=now, reason=reason)
    identity.end_sessions(user=certificate.holder, why="suspended", now=now)
    note(
        certificate, verb=verb, event="certificates.certificate.suspended", source=source,
        actor=actor, now=now, reason=reason, after=told,
    )  # fmt: skip
    _note_revoked(ended, RevocationReason.SUPERSEDED, actor, now, "suspended", told)
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
    replaced_by: Certificate | None = None,
) -> None:
    """Revoke a certificate that `lock_certificate` has locked, as part of a larger act.

    Its companion goes with it and its open letter dies; what waits for the holder is taken out,
    unless it is what replaces it. One revocation list tells it all, and of a certificate on hold
    it goes on telling since when.
    """
    audit.require_transaction()
    if reason is RevocationReason.CERTIFICATE_HOLD:
        raise ValueError("a hold is not a revocation")
    if not can_proceed(certificate.revoke):
        raise CertificateStateChanged(certificate.state)
    ended: _Ended = _take_out([certificate], reason, now)
    waited: _Ended = []
    if replaced_by is None:  # one waits at a time: where one replaces, no other does
        waited = _take_out_waiting(certificate, actor, now, "revoked")
    changed = [*_pairs(ended), *_pairs(waited)]
    told = tell_world(changed, now)
    if replaced_by is None and ended[0][1] in LIVE:
        tell(certificate, Event.CERTIFICATE_REVOKED, actor=actor, now=now, reason=why)
    _note_revoked(ended, reason, actor, now, why, told)
    _note_revoked(waited, RevocationReason.SUPERSEDED, actor, now, "revoked", told)


_Ended = list[tuple[Certificate, str]]


def _take_out(
    certificates: Sequence[Certificate], reason: RevocationReason, now: datetime
) -> _Ended:
    """Revoke locked certificates without telling anybody yet; return each with its old state."""
    ended = []
    for certificate in certificates:
        end_letters(certificate, now)
        for row in pair_of(certificate):
            # A hold that becomes a revocation keeps its day: from then on it was not to be trusted.
            if row.state not in ON_HOLD or row.listed_at is None:
                row.listed_at = now
        source = move_pair(certificate, "revoke", now, listed_reason=reason.name)
        end_card(certificate)
        ended.append((certificate, source))
    return ended


def _pairs(ended: _Ended) -> list[Certificate]:
    return [row for certificate, _source in ended for row in pair_of(certificate)]


def _note_revoked(
    ended: _Ended,
    reason: RevocationReason,
    actor: User | None,
    now: datetime,
    why: str,
    told: Mapping[str, object],
) -> None:
    for certificate, source in ended:
        note(
            certificate, verb="revoke", event="certificates.certificate.revoked", source=source,
            actor=actor, now=now, reason=why,
            after={**told, "reason": reason.name},
        )  # fmt: skip


def _take_out_waiting(
    certificate: Certificate, actor: User | None, now: datetime, why: str
) -> _Ended:
    """Take out what waits beside a certificate that is stopped, and return what was revoked.

    Issued and not confirmed, it is revoked; a printed letter dies, and its application waits for
    the branch to decide about another. An application whose letter is not printed yet waits for
    the branch anyway.
    """
    beside = Q(state__in=WAITING) & ~Q(pk=certificate.pk)
    waiting = lock_rows(certificate.holder, beside)
    for row in waiting:
        if row.state == CertificateState.LETTER_PRINTED:
            ended = [letter.number for letter in end_letters(row, now)]
            source = move_pair(row, "lose_letter", now)
            note(
                row, verb="lose_letter", event="certificates.letter.superseded", source=source,
                actor=actor, now=now, reason=why, after={"letter": ",".join(ended)},
            )  # fmt: skip
    issued = [row for row in waiting if row.state == CertificateState.ISSUED]
    return _take_out(issued, RevocationReason.SUPERSEDED, now)


def tell_world(changed: Sequence[Certificate], now: datetime) -> dict[str, object]:
    """Publish lists that tell it; of outside certificates only their authority may (CERT-11)."""
    own = [row for row in changed if row.external_issuer_id is None]
    if not own:
        return {}
    return {"crl": publish_crl_step(now=now, changed=own).number}


def _lock_for(serial_number: str, actor: User | None, permission: str) -> Certificate:
    found = Certificate.objects.filter(serial_number=serial_number).values_list("pk", flat=True)
    certificate_id = found.first()
    if certificate_id is None:
        raise CertificateUnknown
    certificate = lock_certificate(certificate_id=certificate_id)
    check_manage(actor, certificate.holder, permission)
    return certificate


def end_card(certificate: Certificate) -> None:
    """End the card of a revoked certificate, unless another that has not ended is on it."""
    if certificate.card_id is None:
        return
    card = Card.objects.select_for_update().get(pk=certificate.card_id)
    pair = Q(pk=certificate.pk) | Q(principal=certificate)
    shared = Certificate.objects.filter(card=card, state__in=ENDABLE).exclude(pair)
    if card.state in sources(CARD_VERBS, "terminate") and not shared.exists():
        card.terminate()
        card.save()
