"""Questions and answers about the state of certificates (OCSP, RFC 6960, CERT-8).

An answer is signed by a responder the authority delegated to and may speak of several
certificates. It names each just as the question did, so that any hash a client knows will do.
Reading is strict: what is not the DER of the RFC is refused with ValueError.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from certificates.formats import der
from certificates.formats.profiles import RevocationReason
from certificates.formats.signers import Signer, hash_of

QUESTION_MAXIMUM: Final = 4 * 1024
CERTIFICATES_MAXIMUM: Final = 20
NONCE_MAXIMUM: Final = 128
"""Longest nonce in bytes (RFC 9654 2.1)."""

_HASHES: Final = {
    bytes.fromhex("06052b0e03021a"): "sha1",
    bytes.fromhex("0609608648016503040201"): "sha256",
    bytes.fromhex("0609608648016503040202"): "sha384",
    bytes.fromhex("0609608648016503040203"): "sha512",
}
_HASH_OIDS: Final = {name: oid for oid, name in _HASHES.items()}
_NULL: Final = bytes.fromhex("0500")
_BASIC: Final = bytes.fromhex("06092b0601050507300101")
_NONCE: Final = bytes.fromhex("06092b0601050507300102")
_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_ECDSA_SHA384: Final = bytes.fromhex("300a06082a8648ce3d040303")
_OCTETS, _BITS, _ENUMERATED, _GENERALIZED_TIME, _BOOLEAN = 0x04, 0x03, 0x0A, 0x18, 0x01
_INTEGER, _SEQUENCE = 0x02, 0x30
_REASONS: Final = {
    RevocationReason.KEY_COMPROMISE: 1,
    RevocationReason.AFFILIATION_CHANGED: 3,
    RevocationReason.SUPERSEDED: 4,
    RevocationReason.CESSATION_OF_OPERATION: 5,
    RevocationReason.CERTIFICATE_HOLD: 6,
    RevocationReason.PRIVILEGE_WITHDRAWN: 9,
}


class CertificateStatus(StrEnum):
    """Name what a responder says of a certificate."""

    GOOD = "GOOD"
    REVOKED = "REVOKED"
    UNKNOWN = "UNKNOWN"


class Refusal(StrEnum):
    """Name why a responder gives no answer (RFC 6960 4.2.1); such a refusal is not signed."""

    MALFORMED = "MALFORMED"
    INTERNAL = "INTERNAL"
    TRY_LATER = "TRY_LATER"
    UNAUTHORIZED = "UNAUTHORIZED"


_REFUSALS: Final = {
    Refusal.MALFORMED: 1,
    Refusal.INTERNAL: 2,
    Refusal.TRY_LATER: 3,
    Refusal.UNAUTHORIZED: 6,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One certificate a question is about; `identifier` is its CertID as it came, DER."""

    identifier: bytes
    hash_name: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class Question:
    """What a client wants to know; `nonce` None where it sent none."""

    asked: tuple[Asked, ...]
    nonce: bytes | None

    @property
    def serials(self) -> tuple[int, ...]:
        """Return the serial numbers in the order asked."""
        return tuple(one.serial for one in self.asked)


@dataclass(frozen=True, slots=True)
class Telling:
    """What is said of one certificate; `identifier` is its CertID, DER."""

    identifier: bytes
    status: CertificateStatus
    revoked_at: datetime | None = None
    reason: RevocationReason | None = None


@dataclass(frozen=True, slots=True)
class Responder:
    """A responder the authority delegated to: its certificate (DER) and its key."""

    certificate: bytes
    signer: Signer


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer says of one certificate. Whether it is signed well is not looked at here."""

    serial: int
    status: CertificateStatus
    revoked_at: datetime | None
    this_update: datetime
    next_update: datetime | None
    nonce: bytes | None


def build_answer(
    *,
    issuer: bytes,
    serial: int,
    status: CertificateStatus,
    this_update: datetime,
    next_update: datetime,
    responder: Responder,
    revoked_at: datetime | None = None,
    reason: RevocationReason | None = None,
    nonce: bytes | None = None,
) -> bytes:
    """Return the DER of a signed answer about one certificate of `issuer` (DER).

    The certificate is named by SHA-1, as clients name it unless told otherwise; the hash only
    finds the certificate, the signature does not rest on it. Times are aware, whole seconds.
    """
    identifier = certificate_identifier(issuer, serial)
    return build_answers(
        told=[Telling(identifier, status, revoked_at, reason)],
        this_update=this_update,
        next_update=next_update,
        responder=responder,
        nonce=nonce,
    )


def build_answers(
    *,
    told: Sequence[Telling],
    this_update: datetime,
    next_update: datetime,
    responder: Responder,
    nonce: bytes | None = None,
) -> bytes:
    """Return the DER of one signed answer about several certificates (RFC 6960 4.2.1)."""
    key_hash = hashlib.sha1(_key_bits(responder.certificate), usedforsecurity=False).digest()
    responses = [_single(one, this_update, next_update) for one in told]
    parts = [
        der.element(0xA2, der.element(_OCTETS, key_hash)),
        _time(this_update),
        der.sequence(*responses),
    ]
    if nonce is not None:
        extension = der.sequence(_NONCE, der.element(_OCTETS, der.element(_OCTETS, nonce)))
        parts.append(der.element(0xA1, der.sequence(extension)))
    data = der.sequence(*parts)
    strong = isinstance(hash_of(responder.signer.public_key()), hashes.SHA384)
    basic = der.sequence(
        data,
        _ECDSA_SHA384 if strong else _ECDSA_SHA256,
        der.element(_BITS, b"\x00", responder.signer.sign(data)),
        der.element(0xA0, der.sequence(responder.certificate)),
    )
    return der.sequence(
        der.element(_ENUMERATED, b"\x00"),
        der.element(0xA0, der.sequence(_BASIC, der.element(_OCTETS, basic))),
    )


def build_refusal(refusal: Refusal) -> bytes:
    """Return the DER of a refusal; nobody signs one."""
    return der.sequence(der.element(_ENUMERATED, bytes((_REFUSALS[refusal],))))


def certificate_identifier(issuer: bytes, serial: int, *, hash_name: str = "sha1") -> bytes:
    """Return the CertID (DER) of the certificate of `issuer` (DER) with this serial."""
    name_hash, key_hash = issuer_hashes(issuer, hash_name)
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big", signed=True)
    return der.sequence(
        der.sequence(_HASH_OIDS[hash_name], _NULL),
        der.element(_OCTETS, name_hash),
        der.element(_OCTETS, key_hash),
        der.element(_INTEGER, octets),
    )


@lru_cache(maxsize=64)
def issuer_hashes(issuer: bytes, hash_name: str) -> tuple[bytes, bytes]:
    """Return the hashes of an authority's name and key, by which questions name it."""
    name = _to_be_signed(issuer)[5]
    return _digest(hash_name, name), _digest(hash_name, _key_bits(issuer))


def is_about(asked: Asked, issuer: bytes) -> bool:
    """Tell whether a question means a certificate of this authority (DER)."""
    return issuer_hashes(issuer, asked.hash_name) == (asked.issuer_name_hash, asked.issuer_key_hash)


def read_question(data: bytes) -> Question:
    """Return what a question's DER asks. ValueError when it is none, too long or asks too much."""
    if len(data) > QUESTION_MAXIMUM:
        raise ValueError("the question is too long")
    outer = _children(data, _SEQUENCE)
    if len(outer) not in (1, 2):  # a signature of the client may follow; it is not looked at
        raise ValueError("not a question")
    fields = _children(outer[0], _SEQUENCE)
    listed = [field for field in fields if field[0] == _SEQUENCE]
    if len(listed) != 1 or any(field[0] not in (0x30, 0xA0, 0xA1, 0xA2) for field in fields):
        raise ValueError("not a question")
    requests = _children(listed[0], _SEQUENCE)
    if not 0 < len(requests) <= CERTIFICATES_MAXIMUM:
        raise ValueError("the question names no certificate, or too many")
    asked = tuple(_asked(_children(request, _SEQUENCE)[0]) for request in requests)
    nonce = None
    for field in fields:
        if field[0] == 0xA2:
            (extensions,) = _children(field, 0xA2)
            nonce = _nonce(_children(extensions, _SEQUENCE))
    return Question(asked, nonce)


def read_answer(data: bytes) -> list[Answer]:
    """Return what an answer's DER says of each certificate; nothing for a refusal.

    ValueError when it cannot be read. The signature is not checked.
    """
    answer = ocsp.load_der_ocsp_response(data)
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return []
    nonce = next(
        (e.value.nonce for e in answer.extensions if isinstance(e.value, x509.OCSPNonce)), None
    )
    return [
        Answer(
            serial=one.serial_number,
            status=CertificateStatus[one.certificate_status.name],
            revoked_at=one.revocation_time_utc,
            this_update=one.this_update_utc,
            next_update=one.next_update_utc,
            nonce=nonce,
        )
        for one in answer.responses
    ]


def _single(told: Telling, this_update: datetime, next_update: datetime) -> bytes:
    return der.sequence(
        told.identifier,
        _status(told),
        _time(this_update),
        der.element(0xA0, _time(next_update)),
    )


def _status(told: Telling) -> bytes:
    if told.status is CertificateStatus.GOOD:
        return der.element(0x80)
    if told.status is CertificateStatus.UNKNOWN:
        return der.element(0x82)
    if told.revoked_at is None:
        raise ValueError("a revoked certificate was revoked at some time")
    parts = [_time(told.revoked_at)]
    # RFC 5280 5.3.1: an unspecified reason is left out rather than written.
    if told.reason is not None and told.reason is not RevocationReason.UNSPECIFIED:
        code = der.element(_ENUMERATED, bytes((_REASONS[told.reason],)))
        parts.append(der.element(0xA0, code))
    return der.element(0xA1, *parts)


def _asked(identifier: bytes) -> Asked:
    algorithm, name_hash, key_hash, serial = _children(identifier, _SEQUENCE)
    hash_name = _HASHES.get(_children(algorithm, _SEQUENCE)[0])
    if hash_name is None:
        raise ValueError("the question names its certificate by an unknown hash")
    number = int.from_bytes(_content(serial, _INTEGER), "big", signed=True)
    return Asked(
        identifier, hash_name, _content(name_hash, _OCTETS), _content(key_hash, _OCTETS), number
    )


def _nonce(extensions: Sequence[bytes]) -> bytes | None:
    found = None
    for extension in extensions:
        oid, *middle, value = _children(extension, _SEQUENCE)
        if oid == _NONCE:
            found = _content(_content(value, _OCTETS), _OCTETS)
            if not 0 < len(found) <= NONCE_MAXIMUM:
                raise ValueError("the nonce is empty or too long")
        elif any(field[0] == _BOOLEAN and field[-1] for field in middle):
            raise ValueError("the question insists on something unknown")
    return found


def _children(data: bytes, tag: int) -> list[bytes]:
    if not data or data[0] != tag or der.read(data)[2] != len(data):
        raise ValueError("not the element that belongs here")
    found = der.children(data)
    if not found:
        raise ValueError("an element is empty")
    return found


def _content(data: bytes, tag: int) -> bytes:
    if not data or data[0] != tag:
        raise ValueError("not the element that belongs here")
    _, start, end = der.read(data)
    if end != len(data):
        raise ValueError("more than one element")
    return data[start:end]


def _to_be_signed(certificate: bytes) -> list[bytes]:
    fields = der.children(der.children(certificate)[0])
    # The version comes first in every certificate that carries extensions (RFC 5280 4.1.2.1).
    if fields[0][0] != 0xA0:
        raise ValueError("not a certificate of version 3")
    return fields


def _key_bits(certificate: bytes) -> bytes:
    _, bits = der.children(_to_be_signed(certificate)[6])
    return _content(bits, _BITS)[1:]


def _digest(hash_name: str, data: bytes) -> bytes:
    return hashlib.new(hash_name, data, usedforsecurity=False).digest()


def _time(moment: datetime) -> bytes:
    if moment.tzinfo is None:
        raise ValueError("times in answers must be aware")
    text = moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    return der.element(_GENERALIZED_TIME, text.encode("ascii"))
