"""What passes between the bank and its offline root: requests, certificates, the root's list.

PEM or DER is read, PEM written. Of a request nothing but the key is taken.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certificates.errors import AuthorityReason, AuthorityRefused
from certificates.formats.authority import ROOT_CRL_LIFETIME, build_crl
from certificates.formats.profiles import (
    Issuer,
    RevocationReason,
    RevokedEntry,
    authority_name,
)
from certificates.formats.signers import BuilderKey, Signer, hash_of

_PEM: Final = b"-----BEGIN"


@dataclass(frozen=True, slots=True)
class RootList:
    """What a root's list says; `entries` as many as it names."""

    der: bytes
    number: int
    entries: int
    this_update: datetime
    next_update: datetime


def build_request(*, signer: Signer, name: str) -> bytes:
    """Return the PEM of a request that proves possession of an authority's key (RFC 2986)."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(authority_name(name))
    request = builder.sign(BuilderKey(signer), hash_of(signer.public_key()))
    return request.public_bytes(Encoding.PEM)


def read_request_key(data: bytes) -> ec.EllipticCurvePublicKey:
    """Return the key of an authority's request, possession proved. Raises AuthorityRefused."""
    try:
        request = (
            x509.load_pem_x509_csr(data) if data.startswith(_PEM) else x509.load_der_x509_csr(data)
        )
        key = request.public_key()
    except ValueError as error:
        raise AuthorityRefused(AuthorityReason.UNREADABLE) from error
    sound = isinstance(key, ec.EllipticCurvePublicKey) and request.is_signature_valid
    if not sound or not isinstance(key, ec.EllipticCurvePublicKey):
        raise AuthorityRefused(AuthorityReason.UNREADABLE)
    return key


def key_fingerprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the SHA-256 of a public key (SubjectPublicKeyInfo DER), in pairs with colons.

    It is what two people compare before the root signs a request: read out, or on paper.
    """
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).digest().hex(":").upper()


def same_fingerprint(typed: str, fingerprint: str) -> bool:
    """Tell whether somebody typed a fingerprint; colons, spaces and case do not matter."""
    bare, wanted = ("".join(one.split()).replace(":", "") for one in (typed, fingerprint))
    return bare.upper() == wanted.upper()


def read_certificate(data: bytes) -> x509.Certificate:
    """Return a certificate given as PEM or DER. Raises AuthorityRefused."""
    try:
        if data.startswith(_PEM):
            return x509.load_pem_x509_certificate(data)
        return x509.load_der_x509_certificate(data)
    except ValueError as error:
        raise AuthorityRefused(AuthorityReason.UNREADABLE) from error


def to_pem(certificate: bytes) -> bytes:
    """Return the PEM of a certificate's DER."""
    return x509.load_der_x509_certificate(certificate).public_bytes(Encoding.PEM)


def check_authority(certificate: x509.Certificate, *, root: bytes, now: datetime) -> None:
    """Raise AuthorityRefused unless `root` (DER) made this an issuing authority that is valid now.

    P-256, path length 0, for signing certificates and lists (RFC 5280 4.2.1.9, 4.2.1.3).
    """
    try:
        certificate.verify_directly_issued_by(x509.load_der_x509_certificate(root))
    except (ValueError, TypeError, InvalidSignature) as error:
        raise AuthorityRefused(AuthorityReason.ANOTHER_ROOT) from error
    key = certificate.public_key()
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound as error:
        raise AuthorityRefused(AuthorityReason.NO_AUTHORITY) from error
    on_curve = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1)
    limited = constraints.ca and constraints.path_length == 0
    if not (on_curve and limited and usage.key_cert_sign and usage.crl_sign):
        raise AuthorityRefused(AuthorityReason.NO_AUTHORITY)
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise AuthorityRefused(AuthorityReason.OUT_OF_TIME)


def check_root(certificate: x509.Certificate, *, now: datetime) -> None:
    """Raise AuthorityRefused unless this is a root on P-384, signed by itself and valid now."""
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP384R1):
        raise AuthorityRefused(AuthorityReason.NO_AUTHORITY)
    try:
        certificate.verify_directly_issued_by(certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound) as error:
        raise AuthorityRefused(AuthorityReason.NO_AUTHORITY) from error
    if not constraints.ca:
        raise AuthorityRefused(AuthorityReason.NO_AUTHORITY)
    if not certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc:
        raise AuthorityRefused(AuthorityReason.OUT_OF_TIME)


def build_root_list(
    *,
    root: Issuer,
    now: datetime,
    previous: bytes | None = None,
    revoked: Iterable[int] = (),
) -> bytes:
    """Return the DER of the root's next list, valid for a year.

    Whoever is on the previous list (PEM or DER) stays there; the authorities of the serials
    `revoked` are added, as withdrawn now.
    """
    entries, number = {}, 1
    if previous is not None:
        before = _load_list(previous, root.certificate)
        number = _number(before) + 1
        entries = {entry.serial: entry for entry in _entries(before)}
    for serial in revoked:
        added = RevokedEntry(serial, now, RevocationReason.CESSATION_OF_OPERATION)
        entries.setdefault(serial, added)
    return build_crl(
        issuer=root,
        entries=entries.values(),
        number=number,
        now=now,
        lifetime=ROOT_CRL_LIFETIME,
    )


def read_root_list(data: bytes, *, root: bytes) -> RootList:
    """Return what the root's list (PEM or DER) says. AuthorityRefused unless the root signed it."""
    crl = _load_list(data, root)
    if crl.next_update_utc is None:
        raise AuthorityRefused(AuthorityReason.UNREADABLE)
    return RootList(
        der=crl.public_bytes(Encoding.DER),
        number=_number(crl),
        entries=sum(1 for _ in crl),
        this_update=crl.last_update_utc,
        next_update=crl.next_update_utc,
    )


def _load_list(data: bytes, root: bytes) -> x509.CertificateRevocationList:
    try:
        crl = (
            x509.load_pem_x509_crl(data) if data.startswith(_PEM) else x509.load_der_x509_crl(data)
        )
    except ValueError as error:
        raise AuthorityRefused(AuthorityReason.UNREADABLE) from error
    key = x509.load_der_x509_certificate(root).public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not crl.is_signature_valid(key):
        raise AuthorityRefused(AuthorityReason.ANOTHER_ROOT)
    return crl


def _number(crl: x509.CertificateRevocationList) -> int:
    return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def _entries(crl: x509.CertificateRevocationList) -> Iterable[RevokedEntry]:
    for entry in crl:
        reason = RevocationReason.UNSPECIFIED
        for extension in entry.extensions:
            if isinstance(extension.value, x509.CRLReason):
                reason = RevocationReason[extension.value.reason.name.upper()]
        yield RevokedEntry(entry.serial_number, entry.revocation_date_utc, reason)
