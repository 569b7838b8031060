"""The bank's own certificate authority and its revocation lists."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.db.models import F

from audit import operations as audit
from certificates import gateways
from certificates.errors import AuthorityMissing
from certificates.formats.authority import (
    CRL_LIFETIME,
    build_crl,
    build_issuing_authority,
    build_root,
)
from certificates.formats.profiles import Issuer, RevocationReason, RevokedEntry
from certificates.formats.signers import FileSigner, Signer
from certificates.models import Certificate, CertificateAuthority, RevocationList
from certificates.operations.history import SYSTEM
from certificates.policies import CRL_REPUBLISHED_AFTER, whole_second
from certificates.states import ON_HOLD, CertificateState
from kernel import ids

Kind = CertificateAuthority.Kind


@transaction.atomic(durable=True)
def prepare_authority(*, now: datetime) -> bool:
    """Make the root, the issuing authority and the first revocation list, once.

    Returns False when they are there already. The root's key is only needed again for another
    issuing authority: its file can be taken off the machine afterwards.
    """
    if CertificateAuthority.objects.filter(kind=Kind.ISSUING).exists():
        return False
    bank = gateways.bank_name()
    root_signer = FileSigner.generate(ec.SECP384R1())
    root_der = build_root(signer=root_signer, name=f"{bank} Root CA", now=now)
    root = Issuer(root_signer, root_der, f"{gateways.public_url()}/crl/root.crl", "")
    signer = FileSigner.generate()
    issuing_der = build_issuing_authority(
        root=root, public_key=signer.public_key(), name=f"{bank} Issuing CA", now=now
    )
    _keep(Kind.ROOT, f"{bank} Root CA", root_der, root_signer, now)
    _keep(Kind.ISSUING, f"{bank} Issuing CA", issuing_der, signer, now)
    publish_crl_step(now=now)
    audit.record(
        chain=audit.BANK,
        event="certificates.authority.prepared",
        actor=SYSTEM,
        target="authority:issuing",
        now=now,
        after={"name": bank},
    )
    return True


@transaction.atomic(durable=True)
def publish_crl(*, now: datetime) -> int:
    """Publish a new full revocation list and return its number (CERT-8); done every 24 hours."""
    published = publish_crl_step(now=now)
    _record_published(published, now)
    return published.number


def publish_crl_step(*, now: datetime) -> RevocationList:
    """Publish a new full revocation list in the transaction of the change it tells (CERT-8).

    Taking the number locks the authority's row until the commit, so that each list is read from
    all changes that committed before it. Raises AuthorityMissing.
    """
    audit.require_transaction()
    taken = CertificateAuthority.objects.filter(kind=Kind.ISSUING)
    if not taken.update(crl_number=F("crl_number") + 1):
        raise AuthorityMissing
    authority = taken.get()
    entries = revoked_entries()
    this_update = whole_second(now)
    der = build_crl(
        issuer=issuer_of(authority), entries=entries, number=authority.crl_number, now=this_update
    )
    return RevocationList.objects.create(
        issuer=authority,
        number=authority.crl_number,
        der=der,
        entries=len(entries),
        this_update=this_update,
        next_update=this_update + CRL_LIFETIME,
    )


@transaction.atomic(durable=True)
def keep_list_current(*, now: datetime) -> None:
    """Publish a new revocation list if the newest is a day old (CERT-8)."""
    keep_list_current_step(now=now)


def keep_list_current_step(*, now: datetime) -> None:
    """Publish a new revocation list if the newest is a day old, so that signatures can carry one.

    An hourly task does this too; here it is only made sure of. Raises AuthorityMissing.
    """
    audit.require_transaction()
    newest = (
        RevocationList.objects.order_by("-number").values_list("this_update", flat=True).first()
    )
    if newest is None or newest < now - CRL_REPUBLISHED_AFTER:
        _record_published(publish_crl_step(now=now), now)


def revoked_entries() -> list[RevokedEntry]:
    """Return what a list published now must tell: everything on hold or revoked."""
    rows = Certificate.objects.filter(
        state__in=[*ON_HOLD, CertificateState.REVOKED], external_issuer=None
    )
    found = rows.order_by("pk").values_list(
        "serial_number", "listed_at", "state_since", "listed_reason"
    )
    # A row that came to its state past the operations still belongs on the list.
    return [
        RevokedEntry(
            int(serial or "", 16),
            whole_second(listed_at or state_since),
            RevocationReason[reason or RevocationReason.UNSPECIFIED.name],
        )
        for serial, listed_at, state_since, reason in found
    ]


def issuing_authority() -> Issuer:
    """Return the issuing authority with its key. Raises AuthorityMissing."""
    authority = CertificateAuthority.objects.filter(kind=Kind.ISSUING).first()
    if authority is None:
        raise AuthorityMissing
    return issuer_of(authority)


def issuer_of(authority: CertificateAuthority) -> Issuer:
    """Return an authority as the certificate builders want it."""
    url = gateways.public_url()
    return Issuer(
        signer=_signer(gateways.key_store().load(authority.key_reference)),
        certificate=bytes(authority.certificate_der),
        crl_url=f"{url}/crl/issuing.crl",
        ocsp_url=f"{url}/ocsp",
    )


@cache
def _signer(pem: bytes) -> Signer:
    # Opening the encrypted key costs far more than signing with it.
    return FileSigner.from_pem(pem, password=gateways.key_passphrase())


def _record_published(published: RevocationList, now: datetime) -> None:
    audit.record(
        chain=audit.BANK,
        event="certificates.revocation_list.published",
        actor=SYSTEM,
        target=f"crl:{published.number}",
        now=now,
        after={"entries": published.entries},
    )


def _keep(kind: str, name: str, der: bytes, signer: FileSigner, now: datetime) -> None:
    reference = f"{kind.lower()}-{ids.readable(8).lower()}"
    pem = signer.to_pem(password=gateways.key_passphrase())
    gateways.key_store().save(reference, pem)
    CertificateAuthority.objects.create(
        kind=kind, name=name, certificate_der=der, key_reference=reference, created_at=now
    )
