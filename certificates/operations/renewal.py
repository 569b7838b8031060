"""Renew a certificate by its own card, in the last sixty days of its life (CERT-12)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from certificates.errors import (
    ApplicationWaiting,
    NotRenewable,
    SigningReason,
    SigningRefused,
)
from certificates.errors.external import RenewedElsewhere
from certificates.formats.profiles import KeyStorage, Purpose, RevocationReason
from certificates.models import Certificate
from certificates.operations.challenges import own_fields, take_own_signature
from certificates.operations.enrolment import (
    EnrolResult,
    challenge_of,
    issued,
    open_nonce,
)
from certificates.operations.history import note, target_of
from certificates.operations.issuing import (
    check_made_on,
    issue_pair,
    keep_issued,
    open_enrolment,
    read_keys,
    take_scope_of,
)
from certificates.operations.lifecycle import revoke_step
from certificates.operations.pairs import lock_holder, lock_rows, lock_waiting
from certificates.operations.showing import SignRequestFacts, show_step
from certificates.policies import RENEW, is_renewable
from certificates.states import LIVE, WAITING, CertificateState
from identity.models import User
from kernel.canonical import sha256_hex


@transaction.atomic(durable=True)
def begin_renewal(
    *, actor: User, session_key_sha256: str, made_on: KeyStorage, now: datetime
) -> str:
    """Return the nonce that the requests of this session's renewal must carry, for half an hour.

    Raises NotRenewable, KeyMadeElsewhere, ApplicationWaiting, SigningRefused where there is no
    certificate.
    """
    _own(actor, made_on, now)
    _check_waiting(Certificate.objects.filter(holder=actor, state__in=WAITING).first())
    return open_nonce(actor, session_key_sha256, now)


@transaction.atomic(durable=True)
def prepare_renewal(
    *,
    actor: User,
    session_key_sha256: str,
    audience: str,
    request_der: bytes,
    authentication_request_der: bytes,
    made_on: KeyStorage,
    now: datetime,
) -> SignRequestFacts:
    """Return what the present card has to sign: that these two keys are to replace its own.

    `made_on` says where the caller made them. A virtual card's PIN opens it with `unlock`. Raises
    NotRenewable, KeyMadeElsewhere, EnrolmentUnknown, RequestRefused, KeyAlreadyUsed.
    """
    certificate = _own(actor, made_on, now)
    read_keys(
        open_enrolment(actor, session_key_sha256, now), request_der, authentication_request_der
    )
    return show_step(
        certificate=certificate,
        session_key_sha256=session_key_sha256,
        fields=own_fields(
            RENEW, certificate, audience, _digests(request_der, authentication_request_der)
        ),
        request_key=target_of(certificate),
        now=now,
    )


@transaction.atomic(durable=True)
def renew(
    *,
    actor: User,
    session_key_sha256: str,
    audience: str,
    request_der: bytes,
    authentication_request_der: bytes,
    sign_request_id: str,
    signature_der: bytes,
    signing_time: datetime,
    made_on: KeyStorage,
    now: datetime,
) -> EnrolResult:
    """Issue the pair that replaces the holder's own once it is confirmed (CERT-12).

    The present card has signed the digests of both requests. The count of suspensions and the
    usage scope carry over, and a scope set later on the old one is set on this too
    (`set_scope_step`); the old certificate stays in force until `confirm`. One renewal waits
    at a time: an older one never confirmed is revoked. Raises NotRenewable, KeyMadeElsewhere,
    ApplicationWaiting, EnrolmentUnknown, RequestRefused, KeyAlreadyUsed, SigningRefused,
    SigningStale, SignatureRefused.
    """
    holder = lock_holder(actor.pk)
    waiting = lock_waiting(holder)
    _check_waiting(waiting)
    present = next(iter(lock_rows(holder, Q(state__in=LIVE))), None)
    certificate = _renewable(present, made_on, now)
    enrolment = open_enrolment(holder, session_key_sha256, now)
    keys = read_keys(enrolment, request_der, authentication_request_der)
    digests = _digests(request_der, authentication_request_der)
    take_own_signature(
        certificate, fields=own_fields(RENEW, certificate, audience, digests),
        session_key_sha256=session_key_sha256, sign_request_id=sign_request_id,
        signature_der=signature_der, signing_time=signing_time, now=now,
    )  # fmt: skip
    if waiting is not None:
        revoke_step(
            certificate=waiting, actor=actor, reason=RevocationReason.SUPERSEDED, now=now,
            why="never confirmed",
        )  # fmt: skip
    enrolment.delete()
    renewed = _successor(certificate, now)
    issue_pair(renewed, keys, now)
    source = keep_issued(renewed, "", now)
    challenge = challenge_of(renewed, session_key_sha256, audience, now)
    note(
        renewed, verb="renew", event="certificates.certificate.renewed", source=source,
        actor=actor, now=now,
        after={"renews": certificate.serial_number, "sha256": renewed.sha256},
    )  # fmt: skip
    return issued(renewed, challenge)


def _successor(certificate: Certificate, now: datetime) -> Certificate:
    renewed = Certificate(
        holder=certificate.holder,
        purpose=Purpose.SIGNING.name,
        state=CertificateState.ISSUED,
        state_since=now,
        applied_at=now,
        storage=certificate.storage,
        card=certificate.card,
        renews=certificate,
        suspensions=certificate.suspensions,
    )
    take_scope_of(renewed, certificate)
    return renewed


def _own(actor: User, made_on: KeyStorage, now: datetime) -> Certificate:
    rows = Certificate.objects.select_related("card").filter(
        holder=actor, purpose=Purpose.SIGNING.name, state__in=LIVE
    )
    certificate = _renewable(rows.first(), made_on, now)
    certificate.holder = actor
    return certificate


def _renewable(certificate: Certificate | None, made_on: KeyStorage, now: datetime) -> Certificate:
    """Insist on a certificate in force in the last sixty days of its life, its keys made there."""
    if certificate is None:
        raise SigningRefused(SigningReason.NO_CERTIFICATE)
    if certificate.state != CertificateState.ACTIVE:
        raise SigningRefused(SigningReason.CERTIFICATE_NOT_ACTIVE)
    if certificate.external_issuer_id is not None:
        raise RenewedElsewhere
    if not is_renewable(certificate.not_after, now):
        raise NotRenewable
    check_made_on(certificate, made_on, "renewal")
    return certificate


def _check_waiting(waiting: Certificate | None) -> None:
    """Refuse beside an application at the counter; an unconfirmed renewal may be begun again."""
    if waiting is not None and waiting.state != CertificateState.ISSUED:
        raise ApplicationWaiting


def _digests(request: bytes, authentication_request: bytes) -> Mapping[str, str]:
    return {
        "request_sha256": sha256_hex(request),
        "authentication_request_sha256": sha256_hex(authentication_request),
    }
