"""Time stamps: question, answer and its verification (RFC 3161, RFC 5816).

A time stamp proves that bytes of this digest were there at that time. The writer puts together
what the built-in authority signs; the reader takes the answer of any authority, and nothing of it
counts before digest, nonce, signature, purpose and chain up to a known root have been checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from certificates.errors import TimeStampReason, TimeStampRefused
from certificates.formats import der
from certificates.formats.signers import Signer, hash_of

SIZE_MAXIMUM: Final = 64 * 1024
"""Longest answer that is read, in bytes."""

_CHAIN_LONGEST: Final = 6
_SHA256: Final = bytes.fromhex("300b0609608648016503040201")
_SHA256_WITH_NULL: Final = bytes.fromhex("300d06096086480165030402010500")
_HASHES: Final[dict[bytes, Callable[[], hashes.HashAlgorithm]]] = {
    bytes.fromhex("0609608648016503040201"): hashes.SHA256,
    bytes.fromhex("0609608648016503040202"): hashes.SHA384,
    bytes.fromhex("0609608648016503040203"): hashes.SHA512,
}
_ECDSA_SHA256: Final = bytes.fromhex("300a06082a8648ce3d040302")
_SIGNED_DATA: Final = bytes.fromhex("06092a864886f70d010702")
_TST_INFO: Final = bytes.fromhex("060b2a864886f70d0109100104")
_CONTENT_TYPE: Final = bytes.fromhex("06092a864886f70d010903")
_MESSAGE_DIGEST: Final = bytes.fromhex("06092a864886f70d010904")
_SIGNING_TIME: Final = bytes.fromhex("06092a864886f70d010905")
_SIGNING_CERTIFICATE_V2: Final = bytes.fromhex("060b2a864886f70d010910022f")
_SIGNING_CERTIFICATE: Final = bytes.fromhex("060b2a864886f70d010910020c")
# The policy the built-in authority stamps under: an arm of the bank's own arc (profiles).
_POLICY: Final = x509.ObjectIdentifier("2.25.245121855464182604802239874607713180115.2.1")
_ACCURACY: Final = bytes.fromhex("3003020101")  # within one second
_VERSION_1: Final = bytes.fromhex("020101")
_VERSION_3: Final = bytes.fromhex("020103")
_TRUE: Final = bytes.fromhex("0101ff")
_GRANTED: Final = bytes.fromhex("3003020100")
# What the parsers say of bytes that are not what they should be.
_UNREADABLE: Final = (
    ValueError,
    LookupError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
)


@dataclass(frozen=True, slots=True)
class TimeStampQuestion:
    """Carry what is asked: the SHA-256 (32 bytes) to be stamped and the asker's nonce, if any."""

    digest: bytes
    nonce: int | None


@dataclass(frozen=True, slots=True)
class StampedTime:
    """Carry what a verified time stamp says; `root` is the DER of the root it was traced to."""

    stamped_at: datetime
    serial: int
    root: bytes


@dataclass(frozen=True, slots=True)
class _Token:
    """Carry the parts of a time stamp token; all DER but the times and numbers."""

    info: bytes
    certificates: tuple[bytes, ...]
    hash: hashes.HashAlgorithm
    attributes: bytes
    signature: bytes


def build_question(*, digest: bytes, nonce: int) -> bytes:
    """Return the DER of a TimeStampReq for a SHA-256; the authority's certificate is asked for."""
    return der.sequence(
        _VERSION_1,
        der.sequence(_SHA256_WITH_NULL, der.element(0x04, digest)),
        _integer(nonce),
        _TRUE,
    )


def read_question(question: bytes) -> TimeStampQuestion:
    """Return what a TimeStampReq asks, or raise TimeStampRefused.

    Only SHA-256, no policy of the asker's choice and no extensions: nothing else is served.
    """
    try:
        version, imprint, *rest = der.children(question)
        algorithm, octets = der.children(imprint)
        _, start, end = der.read(octets)
        digest = octets[start:end]
        sound = version == _VERSION_1 and algorithm in (_SHA256, _SHA256_WITH_NULL)
        nonces = [_number(one) for one in rest if one[0] == 0x02]
        if not sound or len(digest) != 32 or any(one[0] not in (0x01, 0x02) for one in rest):
            raise ValueError("not a question that is served")
    except (ValueError, IndexError) as error:
        raise TimeStampRefused(TimeStampReason.MALFORMED) from error
    return TimeStampQuestion(digest, nonces[0] if nonces else None)


def build_answer(
    *,
    question: TimeStampQuestion,
    signer: Signer,
    certificate: bytes,
    issuers: Sequence[bytes],
    serial: int,
    now: datetime,
) -> bytes:
    """Return the DER of a TimeStampResp granting the question, signed by the authority.

    `certificate` and `issuers` are DER and go along, so that the root suffices; `signer` must be
    on P-256, for SHA-256 is what is written. `now` is aware and stamped in whole seconds.
    """
    if not isinstance(hash_of(signer.public_key()), hashes.SHA256):
        raise ValueError("the time stamping key must be on P-256")
    info = der.sequence(
        _VERSION_1,
        _oid(_POLICY),
        der.sequence(_SHA256_WITH_NULL, der.element(0x04, question.digest)),
        _integer(serial),
        der.element(0x18, _generalized_time(now)),
        _ACCURACY,
        *([] if question.nonce is None else [_integer(question.nonce)]),
    )
    attributes = _attributes(info, certificate, now)
    signer_info = der.sequence(
        _VERSION_1,
        der.issuer_and_serial(certificate),
        _SHA256,
        b"\xa0" + attributes[1:],  # [0] IMPLICIT: signed as a SET, carried under another tag
        _ECDSA_SHA256,
        der.element(0x04, signer.sign(attributes)),
    )
    signed_data = der.sequence(
        _VERSION_3,
        der.set_of(_SHA256),
        der.sequence(_TST_INFO, der.element(0xA0, der.element(0x04, info))),
        der.element(0xA0, *sorted({certificate, *issuers})),
        der.set_of(signer_info),
    )
    token = der.sequence(_SIGNED_DATA, der.element(0xA0, signed_data))
    return der.sequence(_GRANTED, token)


def check_answer(
    answer: bytes, *, digest: bytes, nonce: int | None, roots: Sequence[bytes]
) -> StampedTime:
    """Return when an answer says these bytes were there, or raise TimeStampRefused by name.

    `digest` is the SHA-256 asked for and `nonce` the one sent (None: not compared); `roots` are
    the DER of the certificates that may stand at the end of the authority's chain.
    """
    if len(answer) > SIZE_MAXIMUM:
        raise TimeStampRefused(TimeStampReason.MALFORMED)
    try:
        token = _read_token(answer)
        stamped_at, serial = _check_info(token.info, digest, nonce)
        certificate = _check_signature(token)
        root = _check_chain(certificate, token.certificates, roots, stamped_at)
    except _UNREADABLE as error:
        raise TimeStampRefused(TimeStampReason.MALFORMED) from error
    return StampedTime(stamped_at, serial, root)


def _attributes(info: bytes, certificate: bytes, now: datetime) -> bytes:
    named = der.sequence(der.element(0x04, hashlib.sha256(certificate).digest()))
    digest = der.element(0x04, hashlib.sha256(info).digest())
    time = der.element(0x17, now.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode("ascii"))
    return der.set_of(
        der.sequence(_CONTENT_TYPE, der.set_of(_TST_INFO)),
        der.sequence(_MESSAGE_DIGEST, der.set_of(digest)),
        der.sequence(_SIGNING_TIME, der.set_of(time)),
        der.sequence(_SIGNING_CERTIFICATE_V2, der.set_of(der.sequence(der.sequence(named)))),
    )


def _read_token(answer: bytes) -> _Token:
    status, *tokens = der.children(answer)
    if _number(der.children(status)[0]) not in (0, 1) or len(tokens) != 1:
        raise TimeStampRefused(TimeStampReason.NOT_GRANTED)
    content_type, explicit = der.children(tokens[0])
    if content_type != _SIGNED_DATA:
        raise ValueError("not signed data")
    (signed_data,) = der.children(explicit)
    _, _, encapsulated, *groups, signers = der.children(signed_data)
    info_type, octets = der.children(encapsulated)
    if info_type != _TST_INFO:
        raise ValueError("not a time stamp")
    (info,) = der.children(octets)
    _, start, end = der.read(info)
    carried = [one for group in groups if group[0] == 0xA0 for one in der.children(group)]
    (signer,) = der.children(signers)
    _, _, hash_algorithm, attributes, _, signature, *_ = der.children(signer)
    _, signature_start, signature_end = der.read(signature)
    return _Token(
        info=info[start:end],
        certificates=tuple(carried),
        hash=_HASHES[der.children(hash_algorithm)[0]](),
        attributes=b"\x31" + attributes[1:],
        signature=signature[signature_start:signature_end],
    )


def _check_info(info: bytes, digest: bytes, nonce: int | None) -> tuple[datetime, int]:
    _, _, imprint, serial, time, *rest = der.children(info)
    algorithm, octets = der.children(imprint)
    if algorithm not in (_SHA256, _SHA256_WITH_NULL) or octets != der.element(0x04, digest):
        raise TimeStampRefused(TimeStampReason.WRONG_DIGEST)
    nonces = [_number(one) for one in rest if one[0] == 0x02]
    if nonce is not None and nonces != [nonce]:
        raise TimeStampRefused(TimeStampReason.WRONG_NONCE)
    return _read_time(time), _number(serial)


def _check_signature(token: _Token) -> x509.Certificate:
    """Return the certificate that the signed attributes name, once its key has signed them."""
    attributes = {
        parts[0]: der.children(parts[1])
        for parts in (der.children(one) for one in der.children(token.attributes))
    }
    digest = hashes.Hash(token.hash)
    digest.update(token.info)
    sound = attributes.get(_CONTENT_TYPE) == [_TST_INFO]
    if not sound or attributes.get(_MESSAGE_DIGEST) != [der.element(0x04, digest.finalize())]:
        raise TimeStampRefused(TimeStampReason.BAD_SIGNATURE)
    certificate = _named_certificate(attributes, token.certificates)
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(token.signature, token.attributes, ec.ECDSA(token.hash))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(token.signature, token.attributes, padding.PKCS1v15(), token.hash)
        else:
            raise TimeStampRefused(TimeStampReason.BAD_SIGNATURE)
    except InvalidSignature as error:
        raise TimeStampRefused(TimeStampReason.BAD_SIGNATURE) from error
    return certificate


def _named_certificate(
    attributes: dict[bytes, list[bytes]], certificates: Sequence[bytes]
) -> x509.Certificate:
    """Return the certificate whose hash was signed along (RFC 5035, RFC 5816)."""
    named = attributes.get(_SIGNING_CERTIFICATE_V2) or attributes.get(_SIGNING_CERTIFICATE)
    if named is None:
        raise TimeStampRefused(TimeStampReason.WRONG_CERTIFICATE)
    first = der.children(der.children(der.children(named[0])[0])[0])
    hash_name = "sha1" if _SIGNING_CERTIFICATE_V2 not in attributes else "sha256"
    if first[0][0] == 0x30:  # another hash than the default is named before it
        hash_name = _HASHES[der.children(first[0])[0]]().name
        first = first[1:]
    for one in certificates:
        digest = hashlib.new(hash_name, one, usedforsecurity=False).digest()
        if first[0] == der.element(0x04, digest):
            return x509.load_der_x509_certificate(one)
    raise TimeStampRefused(TimeStampReason.WRONG_CERTIFICATE)


def _check_chain(
    certificate: x509.Certificate,
    carried: Sequence[bytes],
    roots: Sequence[bytes],
    moment: datetime,
) -> bytes:
    """Return the root at the end of the chain; all of it valid at `moment`, its end for stamps."""
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    # RFC 3161 2.3: a stamping key is for nothing else, and says so critically.
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimeStampRefused(TimeStampReason.WRONG_CERTIFICATE)
    trusted = {x509.load_der_x509_certificate(one): one for one in roots}
    others = [x509.load_der_x509_certificate(one) for one in carried]
    current = certificate
    for _ in range(_CHAIN_LONGEST):
        if not current.not_valid_before_utc <= moment <= current.not_valid_after_utc:
            break
        if current in trusted:
            return trusted[current]
        issuer = next((one for one in (*trusted, *others) if _issued(one, current)), None)
        if issuer is None:
            break
        current = issuer
    raise TimeStampRefused(TimeStampReason.WRONG_CERTIFICATE)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    if issuer == certificate or issuer.subject != certificate.issuer:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    return constraints.ca


def _integer(value: int) -> bytes:
    return der.element(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _number(element: bytes) -> int:
    tag, start, end = der.read(element)
    if tag != 0x02 or start == end:
        raise ValueError("not a number")
    return int.from_bytes(element[start:end], "big", signed=True)


def _oid(identifier: x509.ObjectIdentifier) -> bytes:
    first, second, *rest = (int(part) for part in identifier.dotted_string.split("."))
    return der.element(0x06, *(_base_128(part) for part in (40 * first + second, *rest)))


def _base_128(value: int) -> bytes:
    groups = [value & 0x7F]
    while value := value >> 7:
        groups.append(value & 0x7F | 0x80)
    return bytes(reversed(groups))


def _generalized_time(moment: datetime) -> bytes:
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode("ascii")


def _read_time(element: bytes) -> datetime:
    tag, start, end = der.read(element)
    text = element[start:end].decode("ascii")
    if tag != 0x18 or not text.endswith("Z"):
        raise ValueError("not a time in UTC")
    whole, _, fraction = text[:-1].partition(".")
    time = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return time.replace(microsecond=int(fraction[:6].ljust(6, "0")) if fraction else 0)
