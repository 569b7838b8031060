"""Certificates and revocation lists of the bank's own authority (RFC 5280).

A P-384 root kept offline, a P-256 issuing authority of path length 0, and under it holders'
certificates and the authority's own services. Everything takes `now` (aware UTC) and answers DER.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from certificates.errors import AuthorityReason, AuthorityRefused
from certificates.formats.profiles import (
    POLICY_OIDS,
    HolderName,
    Issuer,
    KeyStorage,
    Purpose,
    RevocationReason,
    RevokedEntry,
    Service,
    authority_name,
    key_usage,
)
from certificates.formats.signers import BuilderKey, Signer, hash_of, serialize_public_key

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How long before `now` validity begins, so that a slightly late clock accepts it at once."""

CRL_LIFETIME: Final = timedelta(hours=48)
ROOT_CRL_LIFETIME: Final = timedelta(days=365)
"""How long the root's list lasts: its key comes out of the safe once a year at the latest."""
SERVICE_LIFETIME: Final = timedelta(days=365)

DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""What the seal's certificate is for (RFC 9336)."""

_ANY_POLICY: Final = x509.ObjectIdentifier("2.5.29.32.0")


def new_serial() -> int:
    """Return a certificate serial of 159 random bits, never 0 (CA/Browser Forum BR 7.1)."""
    return secrets.randbits(159) or 1


def build_root(
    *, signer: Signer, name: str, now: datetime, lifetime: timedelta = timedelta(days=20 * 365)
) -> bytes:
    """Return the DER of the self-signed root; refuses any key not on P-384 with ValueError."""
    if not isinstance(signer.public_key().curve, ec.SECP384R1):
        raise ValueError("the root key must be on P-384")
    subject = authority_name(name)
    builder = _builder(subject, serialize_public_key(signer.public_key()), now, now + lifetime)
    builder = builder.issuer_name(subject).add_extension(
        x509.BasicConstraints(ca=True, path_length=1), critical=True
    )
    builder = builder.add_extension(key_usage(authority=True), critical=True)
    return _signed(builder, signer)


def build_issuing_authority(
    *,
    root: Issuer,
    public_key: ec.EllipticCurvePublicKey,
    name: str,
    now: datetime,
    lifetime: timedelta = timedelta(days=10 * 365),
) -> bytes:
    """Return the DER of the issuing authority's certificate: P-256, path length 0."""
    if not isinstance(public_key.curve, ec.SECP256R1):
        raise ValueError("the issuing key must be on P-256")
    builder = _builder(authority_name(name), serialize_public_key(public_key), now, now + lifetime)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(key_usage(authority=True), critical=True)
    builder = builder.add_extension(
        x509.CertificatePolicies([x509.PolicyInformation(_ANY_POLICY, None)]), critical=False
    )
    return _issue(builder, root, now + lifetime)


def build_holder_certificate(
    *,
    issuer: Issuer,
    public_key: bytes,
    holder: HolderName,
    purpose: Purpose,
    key_storage: KeyStorage,
    serial: int,
    now: datetime,
    not_after: datetime,
) -> bytes:
    """Return the DER of a holder's certificate for `public_key` (SubjectPublicKeyInfo DER).

    A signing certificate may commit to content and nothing else; OpenSSL's `cms -verify` accepts
    contentCommitment without digitalSignature, so signatures at sign-in can never pass for it.
    AuthorityRefused when it would outlive the issuer.
    """
    builder = _end_entity_builder(holder.to_x509(), public_key, now, not_after, serial)
    policy = x509.PolicyInformation(POLICY_OIDS[key_storage], None)
    builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    if purpose is Purpose.SIGNING:
        builder = builder.add_extension(key_usage(content_commitment=True), critical=True)
    else:
        builder = builder.add_extension(key_usage(digital_signature=True), critical=True)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
    return _issue(builder, issuer, not_after)


def build_service_certificate(
    *,
    issuer: Issuer,
    public_key: ec.EllipticCurvePublicKey,
    service: Service,
    name: str,
    now: datetime,
    lifetime: timedelta = SERVICE_LIFETIME,
) -> bytes:
    """Return the DER of a certificate for one of the authority's services.

    RFC 6960 4.2.2.2 (delegated responder, not itself checked), RFC 3161 2.3 (sole, critical) and
    RFC 9336 (the seal over evidence: document signing and nothing else).
    """
    key = serialize_public_key(public_key)
    builder = _end_entity_builder(authority_name(name), key, now, now + lifetime)
    builder = builder.add_extension(key_usage(digital_signature=True), critical=True)
    if service is Service.OCSP_RESPONDER:
        builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), critical=False
        )
    elif service is Service.EVIDENCE_SEAL:
        builder = builder.add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNING]), critical=True)
    else:
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True
        )
    return _issue(builder, issuer, now + lifetime)


def build_crl(
    *,
    issuer: Issuer,
    entries: Iterable[RevokedEntry],
    number: int,
    now: datetime,
    lifetime: timedelta = CRL_LIFETIME,
) -> bytes:
    """Return the DER of a full revocation list, valid for 48 hours (RFC 5280 5, CERT-8).

    `entries` are all certificates revoked or on hold now; one taken off hold is simply not among
    them. AuthorityRefused when a serial comes twice.
    """
    certificate = _own_certificate(issuer)
    revoked = [_revoked(entry) for entry in entries]
    if len({entry.serial_number for entry in revoked}) != len(revoked):
        raise AuthorityRefused(AuthorityReason.DUPLICATE_SERIAL)
    extensions = [
        x509.Extension(x509.CRLNumber.oid, False, x509.CRLNumber(number)),
        x509.Extension(
            x509.AuthorityKeyIdentifier.oid, False, _authority_key_identifier(certificate)
        ),
    ]
    # The constructor takes the whole list; adding one by one would copy it every time.
    builder = x509.CertificateRevocationListBuilder(
        certificate.subject, now, now + lifetime, extensions, revoked
    )
    crl = builder.sign(BuilderKey(issuer.signer), hash_of(issuer.signer.public_key()))
    return crl.public_bytes(serialization.Encoding.DER)


@lru_cache(maxsize=1024)
def is_issued_by(certificate: bytes, issuer: bytes) -> bool:
    """Tell whether an authority's key signed a certificate in its name, both DER (RFC 5280 6.1.3).

    Remembered by the whole bytes of both: what is true of them once is true for ever.
    """
    try:
        loaded = x509.load_der_x509_certificate(certificate)
        loaded.verify_directly_issued_by(x509.load_der_x509_certificate(issuer))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _builder(
    subject: x509.Name, public_key: bytes, now: datetime, not_after: datetime, serial: int = 0
) -> x509.CertificateBuilder:
    key = serialization.load_der_public_key(public_key)
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise ValueError("only elliptic-curve and RSA keys are certified")
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key)
        .serial_number(serial or new_serial())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _end_entity_builder(
    subject: x509.Name, public_key: bytes, now: datetime, not_after: datetime, serial: int = 0
) -> x509.CertificateBuilder:
    builder = _builder(subject, public_key, now, not_after, serial)
    return builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)


def _issue(builder: x509.CertificateBuilder, issuer: Issuer, not_after: datetime) -> bytes:
    certificate = _own_certificate(issuer)
    if not_after > certificate.not_valid_after_utc:
        raise AuthorityRefused(AuthorityReason.OUTLIVES_ISSUER)
    builder = builder.issuer_name(certificate.subject)
    builder = builder.add_extension(_authority_key_identifier(certificate), critical=False)
    point = x509.DistributionPoint(
        [x509.UniformResourceIdentifier(issuer.crl_url)], None, None, None
    )
    builder = builder.add_extension(x509.CRLDistributionPoints([point]), critical=False)
    if issuer.ocsp_url:
        access = x509.AccessDescription(
            AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(issuer.ocsp_url)
        )
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return _signed(builder, issuer.signer)


def _signed(builder: x509.CertificateBuilder, signer: Signer) -> bytes:
    certificate = builder.sign(BuilderKey(signer), hash_of(signer.public_key()))
    return certificate.public_bytes(serialization.Encoding.DER)


def _own_certificate(issuer: Issuer) -> x509.Certificate:
    certificate = x509.load_der_x509_certificate(issuer.certificate)
    if certificate.public_key() != issuer.signer.public_key():
        raise AuthorityRefused(AuthorityReason.WRONG_ISSUER_KEY)
    return certificate


def _authority_key_identifier(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _revoked(entry: RevokedEntry) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(entry.serial)
        .revocation_date(entry.revoked_at)
    )
    # RFC 5280 5.3.1: an unspecified reason is left out rather than written.
    if entry.reason is not RevocationReason.UNSPECIFIED:
        reason = x509.CRLReason(x509.ReasonFlags[entry.reason.name.lower()])
        builder = builder.add_extension(reason, critical=False)
    return builder.build()
