"""The keys of an authority's services: OCSP responder, time stamping, the seal over evidence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction

from audit import operations as audit
from certificates.errors import AuthorityMissing, KeyUnavailable
from certificates.formats.authority import SERVICE_LIFETIME, build_service_certificate
from certificates.formats.profiles import Service
from certificates.formats.signers import Signer
from certificates.models import CertificateAuthority, ServiceKey
from certificates.operations.history import SYSTEM
from certificates.operations.issuers import current_authority, issuer_of
from certificates.operations.keys import make_signer, signer_of
from certificates.policies import SERVICE_KEY_RENEWED_BEFORE
from certificates.queries.authorities import telling_authorities

_NAMES = {
    Service.OCSP_RESPONDER: "OCSP",
    Service.TIME_STAMPING: "TSA",
    Service.EVIDENCE_SEAL: "Evidence",
}


@dataclass(frozen=True, slots=True)
class ServiceCredentials:
    """What a service signs with: its key, its certificate and its issuer's, both DER."""

    signer: Signer
    certificate: bytes
    issuer: bytes


@transaction.atomic(durable=True)
def rotate_service_keys(*, now: datetime, every: bool = False) -> list[str]:
    """Replace the service keys whose certificates end within 30 days, and make missing ones.

    With `every` all are replaced, as after a suspicion. Answers signed before stay valid until
    they grow old. Returns the references of the new keys. Raises KeyUnavailable.
    """
    made = []
    for authority in telling_authorities(now).order_by("pk"):
        for service in Service:
            found = newest_service_key(authority.pk, service)
            if every or found is None or found.not_after < now + SERVICE_KEY_RENEWED_BEFORE:
                made.append(make_service_key_step(authority=authority, service=service, now=now))
    if made:
        audit.record(
            chain=audit.BANK,
            event="certificates.service_keys.rotated",
            actor=SYSTEM,
            target="authority:services",
            now=now,
            after={"serial_numbers": [one.serial_number for one in made]},
        )
    return [one.key_reference for one in made]


def make_service_key_step(
    *, authority: CertificateAuthority, service: Service, now: datetime
) -> ServiceKey:
    """Make a key for a service and certify it by the authority it serves. Raises KeyUnavailable."""
    audit.require_transaction()
    issuer = issuer_of(authority)
    ends = x509.load_der_x509_certificate(issuer.certificate).not_valid_after_utc
    reference, signer = make_signer(_NAMES[service].lower(), ec.SECP256R1())
    der = build_service_certificate(
        issuer=issuer,
        public_key=signer.public_key(),
        service=service,
        name=f"{authority.name} {_NAMES[service]}",
        now=now,
        lifetime=min(SERVICE_LIFETIME, ends - now),
    )
    certificate = x509.load_der_x509_certificate(der)
    return ServiceKey.objects.create(
        authority=authority,
        service=service.name,
        serial_number=f"{certificate.serial_number:x}",
        certificate_der=der,
        key_reference=reference,
        not_after=certificate.not_valid_after_utc,
        created_at=now,
    )


def service_credentials(
    *, service: Service, now: datetime, authority_id: int | None = None
) -> ServiceCredentials:
    """Return what a service signs with, of the authority in force unless another is named.

    Raises AuthorityMissing when it has no key whose certificate is valid now.
    """
    authority_id = authority_id or current_authority().pk
    found = newest_service_key(authority_id, service)
    if found is None or found.not_after <= now:
        raise AuthorityMissing
    return ServiceCredentials(
        signer_of(found.key_reference),
        bytes(found.certificate_der),
        bytes(found.authority.certificate_der),
    )


def unusable_keys(*, now: datetime) -> list[str]:
    """Return the references of keys that are asked for every day and cannot be used.

    Not found, not to be opened, or another key than the certificate's. The root's is not among
    them: it belongs in a safe.
    """
    unusable = []
    for authority in telling_authorities(now).order_by("pk"):
        held = [(authority.key_reference, bytes(authority.certificate_der))]
        for service in Service:
            key = newest_service_key(authority.pk, service)
            if key is not None:
                held.append((key.key_reference, bytes(key.certificate_der)))
        unusable += [reference or "" for reference, der in held if not _opens(reference, der)]
    return unusable


def _opens(reference: str | None, certificate: bytes) -> bool:
    try:
        key = signer_of(reference or "").public_key()
    except (KeyUnavailable, ValueError):
        return False
    return bool(key == x509.load_der_x509_certificate(certificate).public_key())


def newest_service_key(authority_id: int, service: Service) -> ServiceKey | None:
    """Return the key of a service in force, with its authority, or None."""
    rows = ServiceKey.objects.filter(authority=authority_id, service=service.name)
    return rows.select_related("authority").order_by("-pk").first()
