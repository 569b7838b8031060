"""Verify a signature and accept it for the decision it is made for (SIGN-2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from audit import operations as audit
from certificates import gateways
from certificates.errors import (
    AuthorityMissing,
    SigningReason,
    SigningRefused,
    SigningStale,
    SignRequestUnknown,
)
from certificates.formats.cades import build_signature, check_signature
from certificates.formats.profiles import KeyStorage
from certificates.models import Certificate, RevocationList, Signature, SignRequest
from certificates.operations.showing import check_open, refuse, standing_of
from certificates.policies import (
    FUTURE_TOLERANCE,
    StatementFields,
    is_still_asked,
    scope_refusal,
    standing_refusal,
    whole_second,
)
from kernel.canonical import sha256_hex
from kernel.money import Money


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
    """Verify a signature and put its file together before anything is locked; two reads.

    The signed bytes are rebuilt from the stored statement; only the time is the signer's. What
    can change until the commit is checked again by `accept_signature`, which takes the result.
    """
    request = SignRequest.objects.select_related("certificate__card").filter(pk=sign_request_id)
    found = request.first()
    if found is None:
        raise SignRequestUnknown
    _check_request(found, actor_id, session_key_sha256, now)
    if not is_still_asked(bytes(found.statement), expected):
        raise SigningStale("certificates.signing.changed")
    certificate = found.certificate
    cms, crl_number = _verified_cms(found, certificate, signature_der, signing_time, now)
    return VerifiedSignature(
        found.pk, certificate.pk, certificate.state_since, signing_time, cms, crl_number
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

    A step of at most five statements; four when `verified` comes along. Locks the certificate FOR
    SHARE, so that no suspension can pass it, then the sign request. `expected` is what the caller
    would ask to be signed now; `function` and `amount` are held against the certificate's scope.
    Raises SignRequestUnknown, SigningStale, SigningRefused, SignatureRefused.
    """
    audit.require_transaction()
    certificate, card_state = _certificate_for_share(sign_request_id)
    request = SignRequest.objects.select_for_update().filter(pk=sign_request_id).get()
    _check_request(request, actor_id, session_key_sha256, now)
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
    return _store(
        request, certificate, verified.cms, verified.crl_number, verified.signing_time, now
    )


def store_signature(
    request: SignRequest,
    certificate: Certificate,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> SignatureFacts:
    """Verify a signature over a locked sign request and store it; three statements."""
    audit.require_transaction()
    cms, crl_number = _verified_cms(request, certificate, signature_der, signing_time, now)
    return _store(request, certificate, cms, crl_number, signing_time, now)


def _verified_cms(
    request: SignRequest,
    certificate: Certificate,
    signature_der: bytes,
    signing_time: datetime,
    now: datetime,
) -> tuple[bytes, int]:
    """Return the signature file and the number of the revocation list in it.

    The list is the newest at the signing time. The certificate has been in force since before the
    statement was made, so neither that list nor any later one names it.
    """
    statement, der = bytes(request.statement), bytes(certificate.der or b"")
    check_signature(
        statement=statement,
        certificate=der,
        signing_time=signing_time,
        signature=signature_der,
        not_before=request.created_at,
        not_after=min(request.expires_at, now + FUTURE_TOLERANCE),
    )
    crl = (
        RevocationList.objects.select_related("issuer")
        .filter(this_update__lte=signing_time, next_update__gt=signing_time)
        .order_by("-number")
        .first()
    )
    if crl is None:
        raise AuthorityMissing
    cms = build_signature(
        statement=statement,
        certificate=der,
        signing_time=signing_time,
        signature=signature_der,
        issuers=[bytes(crl.issuer.certificate_der)],
        crls=[bytes(crl.der)],
    )
    return cms, crl.number


def _store(
    request: SignRequest,
    certificate: Certificate,
    cms: bytes,
    crl_number: int,
    signing_time: datetime,
    now: datetime,
) -> SignatureFacts:
    signature = Signature.objects.create(
        sign_request=request,
        certificate=certificate,
        cms=cms,
        cms_sha256=hashlib.sha256(cms).hexdigest(),
        signed_at=signing_time,
        accepted_at=now,
        certificate_state=certificate.state,
        crl_number=crl_number,
    )
    SignRequest.objects.filter(pk=request.pk).update(used_at=now)
    return SignatureFacts(
        id=signature.pk,
        sign_request_id=request.pk,
        certificate_serial=certificate.serial_number or "",
        cms_sha256=signature.cms_sha256,
        statement_sha256=sha256_hex(bytes(request.statement)),
        signed_at=signing_time,
        crl_number=crl_number,
    )


def _certificate_for_share(sign_request_id: str) -> tuple[Certificate, str | None]:
    """Lock the certificate of a sign request FOR SHARE and return it with its card's state."""
    rows = Certificate.objects.raw(
        "SELECT c.*, card.state AS card_state FROM certificates_certificate c"
        " JOIN certificates_signrequest r ON r.certificate_id = c.id"
        " LEFT JOIN certificates_card card ON card.id = c.card_id"
        " WHERE r.id = %s FOR SHARE OF c",
        [sign_request_id],
    )
    for certificate in rows:
        return certificate, vars(certificate)["card_state"]
    raise SignRequestUnknown


def _check_request(
    request: SignRequest, actor_id: int, session_key_sha256: str, now: datetime
) -> None:
    if (request.user_id, request.session_key_sha256) != (actor_id, session_key_sha256):
        raise SignRequestUnknown
    check_open(request, now)
