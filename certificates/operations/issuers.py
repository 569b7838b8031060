"""Which authority issues, and which tell of what they issued."""

from __future__ import annotations

from datetime import datetime

from audit import operations as audit
from certificates import gateways
from certificates.errors import AuthorityMissing, KeyUnavailable
from certificates.formats.profiles import Issuer
from certificates.models import CertificateAuthority
from certificates.operations.keys import signer_of
from certificates.states import AuthorityState

Kind = CertificateAuthority.Kind


def current_authority(kind: str = Kind.ISSUING) -> CertificateAuthority:
    """Return the authority in force. Raises AuthorityMissing."""
    found = CertificateAuthority.objects.filter(kind=kind, state=AuthorityState.CURRENT).first()
    if found is None:
        raise AuthorityMissing
    return found


def issuer_of(authority: CertificateAuthority) -> Issuer:
    """Return an authority as the certificate builders want it. Raises KeyUnavailable.

    The addresses are those of what it issues: its own list, and the answers of an issuing one.
    """
    if authority.key_reference is None:
        raise KeyUnavailable(authority.reference)
    url = gateways.public_url()
    return Issuer(
        signer=signer_of(authority.key_reference),
        certificate=bytes(authority.certificate_der),
        crl_url=f"{url}/crl/{authority.reference}.crl",
        ocsp_url=f"{url}/ocsp" if authority.kind == Kind.ISSUING else "",
    )


def next_reference(kind: str) -> str:
    """Return how the next authority of a kind will be called in addresses, such as `issuing-2`."""
    return f"{kind.lower()}-{CertificateAuthority.objects.filter(kind=kind).count() + 1}"


def keep_authority_step(
    *, kind: str, certificate: bytes, name: str, key_reference: str | None, now: datetime
) -> CertificateAuthority:
    """Store an authority as the one in force; its predecessor was retired before."""
    audit.require_transaction()
    return CertificateAuthority.objects.create(
        kind=kind,
        name=name,
        reference=next_reference(kind),
        certificate_der=certificate,
        key_reference=key_reference,
        created_at=now,
    )
