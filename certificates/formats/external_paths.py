"""From a certificate of an outside authority up to its configured root (RFC 5280 6.1, CERT-11).

What is not understood is refused, never ignored: name constraints, other critical extensions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.errors.external import ExternalReason, ExternalRefused
from certificates.formats.profiles import KeyStorage
from certificates.formats.requests import RSA_BITS_MINIMUM

DEPTH_MAXIMUM: Final = 4
"""Authorities between a holder and the root, the root included."""

STRONG_HASHES: Final = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_CURVES: Final = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_UNDERSTOOD: Final = {
    x509.BasicConstraints.oid,
    x509.KeyUsage.oid,
    x509.ExtendedKeyUsage.oid,
    x509.CertificatePolicies.oid,
    x509.SubjectAlternativeName.oid,
    x509.SubjectKeyIdentifier.oid,
    x509.AuthorityKeyIdentifier.oid,
    x509.CRLDistributionPoints.oid,
    x509.AuthorityInformationAccess.oid,
}
_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


@dataclass(frozen=True)
class Trust:
    """What is accepted of one authority: its root, its issuers (DER), and which policies (OIDs).

    A policy says where the keys of its holders are kept. An empty root is no authority at all.
    """

    root: bytes
    issuers: Sequence[bytes]
    policies: Mapping[str, KeyStorage]


def check_trust(trust: Trust, *, now: datetime) -> list[tuple[bytes, tuple[bytes, ...]]]:
    """Return each issuer with the chain from it up to below the root, or raise ExternalRefused.

    The root must be self-signed and an authority in force, the issuers lead to it, and the
    policies be named.
    """
    root = load(trust.root)
    try:
        root.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm) as error:
        raise ExternalRefused(ExternalReason.UNKNOWN_ISSUER) from error
    if not trust.policies:
        raise ExternalRefused(ExternalReason.WRONG_POLICY)
    chains = []
    for der in trust.issuers:
        reason, path = find_path(load(der), trust)
        if reason is not None:
            raise ExternalRefused(reason)
        chains.append((der, tuple(to_der(one) for one in path[:-1])))
    for authority in (root, *map(load, trust.issuers)):
        check_authority(authority, below=0, is_root=authority == root, now=now)
    return chains


def find_path(
    leaf: x509.Certificate, trust: Trust
) -> tuple[ExternalReason | None, tuple[x509.Certificate, ...]]:
    """Return why no chain leads from a certificate to the root, or None and the whole chain."""
    if not trust.root:
        return ExternalReason.UNKNOWN_ISSUER, ()
    root, issuers = load(trust.root), [load(one) for one in trust.issuers]
    path = [leaf]
    while len(path) <= DEPTH_MAXIMUM:
        if _is_issued_by(path[-1], root):
            return None, (*path, root)
        above = next(
            (one for one in issuers if one not in path and _is_issued_by(path[-1], one)), None
        )
        if above is None:
            break
        path.append(above)
    return ExternalReason.UNKNOWN_ISSUER, ()


def _is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def check_authority(
    authority: x509.Certificate, *, below: int, is_root: bool, now: datetime
) -> None:
    """Insist that it may issue, with `below` authorities between it and the holder."""
    if not authority.not_valid_before_utc <= now <= authority.not_valid_after_utc:
        raise ExternalRefused(ExternalReason.AUTHORITY_EXPIRED)
    check_understood(authority)
    constraints = value_of(authority, x509.BasicConstraints)
    usage = value_of(authority, x509.KeyUsage)
    if constraints is None or not constraints.ca or usage is None or not usage.key_cert_sign:
        raise ExternalRefused(ExternalReason.NOT_AN_AUTHORITY)
    if constraints.path_length is not None and constraints.path_length < below:
        raise ExternalRefused(ExternalReason.PATH_TOO_LONG)
    key = authority.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        strong = key.key_size >= RSA_BITS_MINIMUM
    else:
        strong = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
    # What a root says of itself is believed because it is configured, not because it is signed.
    if not strong or not (is_root or isinstance(authority.signature_hash_algorithm, STRONG_HASHES)):
        raise ExternalRefused(ExternalReason.WEAK_AUTHORITY)


def check_understood(certificate: x509.Certificate) -> None:
    """Insist that it carries no condition that is not looked at here."""
    for extension in certificate.extensions:
        unknown = extension.critical and extension.oid not in _UNDERSTOOD
        if unknown or extension.oid == x509.NameConstraints.oid:
            raise ExternalRefused(ExternalReason.NOT_UNDERSTOOD)


def policies_of(certificate: x509.Certificate) -> set[str]:
    """Return the OIDs of its certificate policies."""
    named = value_of(certificate, x509.CertificatePolicies)
    return {one.policy_identifier.dotted_string for one in named or ()}


def value_of(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    """Return the value of one extension, or None where it is not there."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def load(der: bytes) -> x509.Certificate:
    """Return a certificate, or raise ExternalRefused where the bytes are none."""
    try:
        return x509.load_der_x509_certificate(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ExternalRefused(ExternalReason.MALFORMED) from error


def to_der(certificate: x509.Certificate) -> bytes:
    """Return the bytes of a certificate."""
    return certificate.public_bytes(Encoding.DER)
