"""Verify a signature and accept it for the decision it is made for (SIGN-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import F, Model, OuterRef, QuerySet, Subquery

from audit import operations as audit
from certificates import gateways
from certificates.errors import (
    AuthorityMissing,
    SignatureReason,
    SignatureRefused,
    SigningReason,
    SigningRefused,
    SigningStale,
    SignRequestUnknown,
)
from certificates.formats.authority import is_issued_by
from certificates.formats.cades import build_signature, check_signature
from certificates.formats.profiles import KeyStorage
from certificates.models import Certificate, RevocationList, SignRequest
from certificates.operations.ocsp import ANSWER_COLUMNS, good_answer, with_answer
from certificates.operations.outside import (
    OUTSIDE_COLUMNS,
    outside_evidence,
    outside_lists_at,
)
from certificates.operations.showing import check_open, refuse, standing_of
from certificates.policies import (
    FUTURE_TOLERANCE,
    StatementFields,
    is_still_asked,
    scope_refusal,
    standing_refusal,
    whole_second,
)
from certificates.states import CertificateState
from kernel.canonical import sha256_hex
from kernel.money import Money

_LIST_COLUMNS = ("list_number", "list_der", "list_issuer")


def _columns(model: type[Model], table: str) -> str:
    return ", ".join(f'{table}."{field.column}"' for field in model._meta.concrete_fields)


# Two strengths of lock in one statement, which the ORM does not offer: no suspension can pass a
# signature, while many signatures of one certificate may go on side by side (SIGN-2).
LOCK = f"""
SELECT {_columns(Certificate, "c")}, {_columns(SignRequest, "r")}, card.state
FROM certificates_certificate c
JOIN certificates_signrequest r ON r.certificate_id = c.id
LEFT JOIN certificates_card card ON card.id = c.card_id
WHERE r.id = %s FOR SHARE OF c FOR UPDATE OF r
"""  # noqa: S608 - the names of our own columns
# A sign request is used up by its one signature, which waits for its time stamp: one statement.
STORE = """
WITH used AS (
    UPDATE certificates_signrequest SET used_at = %s WHERE id = %s AND used_at IS NULL
    RETURNING id, certificate_id
), signed AS (
    INSERT INTO certificates_signature (sign_request_id, certificate_id, cms, cms_sha256, signed_at,
        accepted_at, certificate_state, crl_number, ocsp_der)
    SELECT used.id, used.certificate_id, %s, %s, %s, %s, %s, %s, %s FROM used
    RETURNING id, accepted_at
)
INSERT INTO certificates_awaitedtimestamp (signature_id, due_at, tries)
SELECT signed.id, signed.accepted_at, 0 FROM signed RETURNING signature_id
"""


@dataclass(frozen=True, slots=True)
class SignatureFacts:
    """Tell about an accepted signature; digests in hex."""

    id: int
    sign_request_id: str
    certificate_serial: str
    cms_sha256: str
    statement_sha256: str
    signed_at: datetime
    crl_number: int


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """Carry a signature that was verified before any lock; only `verify_signature` makes one."""

    sign_request_id: str
    certificate_id: int
    in_force_since: datetime
    signing_time: datetime
    cms: bytes
    crl_number: int
    ocsp_der: bytes | None


@dataclass(frozen=True, slots=True)
class _Proven:
    """Carry a signature's file with the revocation list inside it, and the responder's answer."""

    cms: bytes
    crl_number: int
    ocsp_der: bytes | None


@dataclass(frozen=True, slots=True)
class _Listed:
    """Carry a revocation list with its issuers' certificates, all DER, and its number."""

    number: int
    der: bytes
    issuers: Sequence[bytes]


def verify_signature(
    *,
    actor_id: int,
    session_key_sha256: str,
    sign_request_id: str,
    expected: StatementFields,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> VerifiedSignature:
    """Verify a signature and put its file together before anything is locked; one read.

    The signed bytes are rebuilt from the stored statement; only the time is the signer's. What
    can change until the commit is checked again by `accept_signature`, which takes the result.
    """
    outside = outside_lists_at(signing_time, OuterRef("certificate__external_issuer"))
    newest = _lists_at(signing_time, OuterRef("certificate__issuer"))
    found = (
        with_answer(SignRequest.objects.select_related("certificate"), "certificate__")
        .annotate(**{name: Subquery(newest.values(name)[:1]) for name in _LIST_COLUMNS})
        .annotate(**{name: Subquery(outside.values(name)[:1]) for name in OUTSIDE_COLUMNS})
        .filter(pk=sign_request_id)
        .first()
    )
    if found is None:
        raise SignRequestUnknown
    check_request(found, actor_id, session_key_sha256, now)
    if not is_still_asked(bytes(found.statement), expected):
        raise SigningStale("certificates.signing.changed")
    certificate = found.certificate
    if certificate.state != CertificateState.ACTIVE:
        raise SigningRefused(SigningReason.CERTIFICATE_NOT_ACTIVE)
    _check(found, certificate, signature_der, signing_time, now)
    columns = OUTSIDE_COLUMNS if certificate.external_issuer_id else _LIST_COLUMNS
    listed = _listed(certificate, [getattr(found, name) for name in columns], now)
    cms = _cms(found, certificate, signature_der, signing_time, listed)
    return VerifiedSignature(
        sign_request_id=found.pk,
        certificate_id=certificate.pk,
        in_force_since=certificate.state_since,
        signing_time=signing_time,
        cms=cms,
        crl_number=listed.number,
        ocsp_der=_ocsp(certificate, [getattr(found, name) for name in ANSWER_COLUMNS], now),
    )


def accept_signature(
    *,
    actor_id: int,
    session_key_sha256: str,
    sign_request_id: str,
    expected: StatementFields,
    function: str,
    amount: Money | None,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
    verified: VerifiedSignature | None = None,
) -> SignatureFacts:
    """Accept a signature in the transaction of the decision it is for (SIGN-2).

    A step of three statements; two when `verified` comes along. Locks the certificate FOR SHARE,
    so that no suspension can pass it, then the sign request. `expected` is what the caller
    would ask to be signed now; `function` and `amount` are held against the certificate's scope.
    Raises SignRequestUnknown, SigningStale, SigningRefused, SignatureRefused.
    """
    audit.require_transaction()
    certificate, request, card_state = lock_shown(sign_request_id)
    check_request(request, actor_id, session_key_sha256, now)
    standing = standing_of(certificate, card_state)
    refuse(standing_refusal(standing, allowed_storages=gateways.allowed_storages(), now=now))
    refuse(scope_refusal(standing, function=function, amount=amount))
    if request.created_at < whole_second(certificate.state_since):
        raise SigningStale("certificates.signing.changed")
    if certificate.storage == KeyStorage.BROWSER.name and request.unlocked_at is None:
        raise SigningRefused(SigningReason.NOT_UNLOCKED)
    if not is_still_asked(bytes(request.statement), expected):
        raise SigningStale("certificates.signing.changed")
    if verified is None:
        return store_signature(request, certificate, signature_der, signing_time, now)
    same = (verified.sign_request_id, verified.certificate_id, verified.in_force_since)
    if same != (request.pk, certificate.pk, certificate.state_since):
        raise SigningStale("certificates.signing.changed")
    proven = _Proven(verified.cms, verified.crl_number, verified.ocsp_der)
    return _store(request, certificate, proven, verified.signing_time, now)


def store_signature(
    request: SignRequest,
    certificate: Certificate,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> SignatureFacts:
    """Verify a signature over a locked sign request and store it; two statements."""
    audit.require_transaction()
    _check(request, certificate, signature_der, signing_time, now)
    newest: QuerySet[Any] = _lists_at(signing_time, OuterRef("issuer"))
    columns: Sequence[str] = _LIST_COLUMNS
    if certificate.external_issuer_id is not None:
        newest = outside_lists_at(signing_time, OuterRef("external_issuer"))
        columns = OUTSIDE_COLUMNS
    found = (
        with_answer(Certificate.objects.filter(pk=certificate.pk))
        .annotate(**{name: Subquery(newest.values(name)[:1]) for name in columns})
        .values_list(*columns, *ANSWER_COLUMNS)
        .first()
    ) or ()
    width = len(columns)
    listed = _listed(certificate, found[:width], now)
    ocsp_der = _ocsp(certificate, found[width:], now)
    cms = _cms(request, certificate, signature_der, signing_time, listed)
    proven = _Proven(cms, listed.number, ocsp_der)
    return _store(request, certificate, proven, signing_time, now)


def _check(
    request: SignRequest,
    certificate: Certificate,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> None:
    check_signature(
        statement=bytes(request.statement),
        certificate=bytes(certificate.der or b""),
        signing_time=signing_time,
        signature=signature_der,
        not_before=request.created_at,
        not_after=min(request.expires_at, now + FUTURE_TOLERANCE),
    )


def _lists_at(moment: datetime, issuer: int | OuterRef | None) -> QuerySet[RevocationList]:
    """Return the revocation lists of an issuer in force at a moment, newest first.

    The certificate has been in force since before the statement was made, so neither the newest
    list at the signing time nor any later one names it.
    """
    return (
        RevocationList.objects.filter(
            issuer=issuer, this_update__lte=moment, next_update__gt=moment
        )
        .order_by("-number")
        .annotate(
            list_number=F("number"), list_der=F("der"), list_issuer=F("issuer__certificate_der")
        )
    )


def _listed(certificate: Certificate, row: Sequence[Any], now: datetime) -> _Listed:
    """Return the list that speaks for a certificate, by the authority that signed it.

    Ours was certified by the root before it was put into force. Raises AuthorityMissing,
    SignatureRefused.
    """
    if certificate.external_issuer_id is not None:
        return _Listed(*outside_evidence(certificate, row, now))
    if not row or row[0] is None:
        raise AuthorityMissing
    number, der, issuer = row
    if not is_issued_by(bytes(certificate.der or b""), bytes(issuer)):
        raise SignatureRefused(SignatureReason.WRONG_CERTIFICATE)
    return _Listed(number, bytes(der), [bytes(issuer)])


def _ocsp(certificate: Certificate, columns: Sequence[Any], now: datetime) -> bytes | None:
    """Return the responder's answer 'good' about a certificate in force (CERT-8).

    None for one that is only about to come into force: its holder proves possession, no more;
    and for an outside one, about which only its own authority may answer (CERT-11).
    """
    outside = certificate.external_issuer_id is not None
    if certificate.state != CertificateState.ACTIVE or outside:
        return None
    return good_answer(certificate.pk, now, found=(certificate, *columns))


def _cms(
    request: SignRequest,
    certificate: Certificate,
    signature_der: bytes,
    signing_time: datetime,
    listed: _Listed,
) -> bytes:
    """Return the signature file with the revocation list in it."""
    return build_signature(
        statement=bytes(request.statement),
        certificate=bytes(certificate.der or b""),
        signing_time=signing_time,
        signature=signature_der,
        issuers=listed.issuers,
        crls=[listed.der],
    )


def _store(
    request: SignRequest,
    certificate: Certificate,
    proven: _Proven,
    signing_time: datetime,
    now: datetime,
) -> SignatureFacts:
    cms_sha256 = hashlib.sha256(proven.cms).hexdigest()
    values: list[Any] = [
        now,
        request.pk,
        proven.cms,
        cms_sha256,
        signing_time,
        now,
        str(certificate.state),
        proven.crl_number,
        proven.ocsp_der,
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)
        row = cursor.fetchone()
    if row is None:
        raise SigningStale("certificates.signing.used")
    return SignatureFacts(
        id=int(row[0]),
        sign_request_id=request.pk,
        certificate_serial=certificate.serial_number or "",
        cms_sha256=cms_sha256,
        statement_sha256=sha256_hex(bytes(request.statement)),
        signed_at=signing_time,
        crl_number=proven.crl_number,
    )


def lock_shown(sign_request_id: str) -> tuple[Certificate, SignRequest, str | None]:
    """Lock a sign request, its certificate FOR SHARE, and return both with the card's state.

    A step. Raises SignRequestUnknown.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [sign_request_id])
        row = cursor.fetchone()
    if row is None:
        raise SignRequestUnknown
    width = len(Certificate._meta.concrete_fields)
    certificate = Certificate.from_db(connection.alias, _names(Certificate), row[:width])
    request = SignRequest.from_db(connection.alias, _names(SignRequest), row[width:-1])
    return certificate, request, row[-1]


def _names(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


def check_request(
    request: SignRequest, actor_id: int, session_key_sha256: str, now: datetime
) -> None:
    """Insist that a sign request is this person's in this session, not used and not too old."""
    if (request.user_id, request.session_key_sha256) != (actor_id, session_key_sha256):
        raise SignRequestUnknown
    check_open(request, now)
