"""Detached CAdES-B-B signatures: CMS SignedData over a statement (RFC 5652, EN 319 122-1).

The writer puts the parts together; the reader takes nothing but what the writer writes, and checks
the signature against bytes rebuilt from the statement, never against bytes that came along.
(r, n-s) verifies wherever (r, s) does, so signature bytes never identify anything.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certificates.errors import SignatureReason, SignatureRefused
from certificates.formats import der
from certificates.formats.profiles import Purpose
from certificates.formats.signed_attributes import (
    build_signed_attributes,
    read_signed_attributes,
)

SIZE_MAXIMUM: Final = 4 * 1024 * 1024
_SHA256: Final = bytes.fromhex("300b0609608648016503040201")
_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_RSA_SHA256: Final = bytes.fromhex("300d06092a864886f70d01010b0500")
_DATA: Final = bytes.fromhex("300b06092a864886f70d010701")
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_VERSION_1: Final = bytes.fromhex("020101")


@dataclass(frozen=True)
class ParsedSignature:
    """What a signature file holds; every `bytes` is DER, digests are 32 bytes."""

    certificate: bytes
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    message_digest: bytes
    certificate_sha256: bytes
    signing_time: datetime
    signature: bytes


def build_signature(
    *,
    statement: bytes,
    certificate: bytes,
    signing_time: datetime,
    signature: bytes,
    issuers: Sequence[bytes] = (),
    crls: Sequence[bytes] = (),
) -> bytes:
    """Return the DER of a detached CAdES-B-B signature.

    `signature` is what the holder's key made over the signed attributes; `certificate`, `issuers`
    (the issuing authority, so that the root suffices offline) and `crls` are DER. Nothing is
    checked here: `check_signature` comes first.
    """
    return _assemble(
        ParsedSignature(
            certificate=certificate,
            certificates=tuple({certificate, *issuers}),
            crls=tuple(set(crls)),
            message_digest=hashlib.sha256(statement).digest(),
            certificate_sha256=hashlib.sha256(certificate).digest(),
            signing_time=signing_time,
            signature=signature,
        )
    )


def check_signature(
    *,
    statement: bytes,
    certificate: bytes,
    signing_time: datetime,
    signature: bytes,
    not_before: datetime,
    not_after: datetime,
    purpose: Purpose = Purpose.SIGNING,
) -> None:
    """Raise SignatureRefused unless the certificate's key signed this statement at this time.

    Only the time is the signer's to choose, within `not_before` to `not_after` and the
    certificate's own validity; the certificate must be for contentCommitment, or where `purpose`
    is signing in for digitalSignature (RFC 5280 4.2.1.3). Its revocation and scope are the
    caller's to check (SIGN-2).
    """
    loaded = _load(certificate)
    _check_usage(loaded, purpose)
    start = max(not_before, loaded.not_valid_before_utc)
    end = min(not_after, loaded.not_valid_after_utc)
    if not start <= signing_time <= end:
        raise SignatureRefused(SignatureReason.WRONG_TIME)
    try:
        attributes = build_signed_attributes(
            message_digest=hashlib.sha256(statement).digest(),
            certificate_sha256=hashlib.sha256(certificate).digest(),
            signing_time=signing_time,
        )
    except ValueError as error:
        raise SignatureRefused(SignatureReason.WRONG_TIME) from error
    _check_raw(loaded, attributes, signature)


def parse(cms: bytes) -> ParsedSignature:
    """Return what a signature file of this profile holds, or raise SignatureRefused."""
    if len(cms) > SIZE_MAXIMUM:
        raise SignatureRefused(SignatureReason.MALFORMED)
    try:
        return _parse(cms)
    except (ValueError, IndexError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise SignatureRefused(SignatureReason.MALFORMED) from error


def verify(
    cms: bytes,
    *,
    statement: bytes,
    certificate: bytes,
    not_before: datetime,
    not_after: datetime,
) -> ParsedSignature:
    """Return the parsed signature when it is over `statement`, by `certificate`, within the time.

    Raises SignatureRefused by name: another statement, another certificate (one for the same key
    included), outside the time, wrong usage, bad signature.
    """
    parsed = parse(cms)
    if parsed.message_digest != hashlib.sha256(statement).digest():
        raise SignatureRefused(SignatureReason.WRONG_STATEMENT)
    named = parsed.certificate_sha256 == hashlib.sha256(certificate).digest()
    if not named or parsed.certificate != certificate:
        raise SignatureRefused(SignatureReason.WRONG_CERTIFICATE)
    check_signature(
        statement=statement,
        certificate=certificate,
        signing_time=parsed.signing_time,
        signature=parsed.signature,
        not_before=not_before,
        not_after=not_after,
    )
    return parsed


def _parse(cms: bytes) -> ParsedSignature:
    # ContentInfo → [0] → SignedData; then certificates [0], perhaps crls [1], signerInfos.
    (signed_data,) = der.children(der.children(cms)[1])
    _, _, _, certificates, *crls, signers = der.children(signed_data)
    (signer,) = der.children(signers)
    fields = der.children(signer)
    digest, certificate_sha256, time = read_signed_attributes(b"\x31" + fields[3][1:])
    _, start, end = der.read(fields[5])
    carried = der.children(certificates)
    lists = [crl for group in crls for crl in der.children(group)]
    certificate = next(
        (one for one in carried if hashlib.sha256(one).digest() == certificate_sha256), None
    )
    if certificate is None:
        raise SignatureRefused(SignatureReason.WRONG_CERTIFICATE)
    parsed = ParsedSignature(
        certificate=certificate,
        certificates=tuple(carried),
        crls=tuple(lists),
        message_digest=digest,
        certificate_sha256=certificate_sha256,
        signing_time=time,
        signature=fields[5][start:end],
    )
    # Building it again must give the same bytes: no second spelling, nothing carried unseen.
    if _assemble(parsed) != cms:
        raise ValueError("not a signature of this profile")
    return parsed


def _assemble(parsed: ParsedSignature) -> bytes:
    attributes = build_signed_attributes(
        message_digest=parsed.message_digest,
        certificate_sha256=parsed.certificate_sha256,
        signing_time=parsed.signing_time,
    )
    certificate = _load(parsed.certificate)
    is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
    signer = der.sequence(
        _VERSION_1,
        der.issuer_and_serial(parsed.certificate),
        _SHA256,
        b"\xa0" + attributes[1:],  # [0] IMPLICIT: signed as a SET, carried under another tag
        _RSA_SHA256 if is_rsa else _ECDSA_SHA256,
        der.element(0x04, parsed.signature),
    )
    parts = [_VERSION_1, der.set_of(_SHA256), _DATA]
    parts.append(der.element(0xA0, *sorted(parsed.certificates)))
    if parsed.crls:
        parts.append(der.element(0xA1, *sorted(parsed.crls)))
    parts.append(der.set_of(signer))
    return der.sequence(_SIGNED_DATA, der.element(0xA0, der.sequence(*parts)))


def _load(certificate: bytes) -> x509.Certificate:
    try:
        return x509.load_der_x509_certificate(certificate)
    except (ValueError, x509.InvalidVersion) as error:
        raise SignatureRefused(SignatureReason.WRONG_CERTIFICATE) from error


def _check_usage(certificate: x509.Certificate, purpose: Purpose) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, ValueError) as error:
        raise SignatureRefused(SignatureReason.WRONG_KEY_USAGE) from error
    signs_in = purpose is Purpose.AUTHENTICATION
    if not (usage.digital_signature if signs_in else usage.content_commitment):
        raise SignatureRefused(SignatureReason.WRONG_KEY_USAGE)


def _check_raw(certificate: x509.Certificate, attributes: bytes, signature: bytes) -> None:
    try:
        key = certificate.public_key()
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, attributes, padding.PKCS1v15(), hashes.SHA256())
        else:
            raise SignatureRefused(SignatureReason.WRONG_CERTIFICATE)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError) as error:
        raise SignatureRefused(SignatureReason.BAD_SIGNATURE) from error
