"""One issuing authority follows another, under a root that is kept offline."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from audit import operations as audit
from certificates import gateways
from certificates.errors import AuthorityMissing, AuthorityReason, AuthorityRefused
from certificates.formats.authority import build_issuing_authority
from certificates.formats.ceremony import (
    build_request,
    check_authority,
    check_root,
    read_certificate,
    read_root_list,
)
from certificates.formats.profiles import Service
from certificates.models import CertificateAuthority, RevocationList
from certificates.operations.authority import publish_crl_step
from certificates.operations.history import SYSTEM
from certificates.operations.issuers import (
    Kind,
    current_authority,
    issuer_of,
    keep_authority_step,
    next_reference,
)
from certificates.operations.keys import make_signer, reference_of, signer_of
from certificates.operations.services import make_service_key_step
from certificates.states import AuthorityState

PURPOSE = "issuing"


@transaction.atomic(durable=True)
def request_issuing_authority(*, now: datetime) -> tuple[str, bytes]:
    """Make the key of the next issuing authority; return its name and its request (PEM).

    The key waits where keys are kept; nothing changes until the root's certificate comes back
    (`accept_issuing_authority`). Raises KeyUnavailable.
    """
    reference, signer = make_signer(PURPOSE, ec.SECP256R1())
    audit.record(
        chain=audit.BANK,
        event="certificates.authority.requested",
        actor=SYSTEM,
        target=f"authority:{next_reference(Kind.ISSUING)}",
        now=now,
        after={"key": reference},
    )
    name = next_name()
    return name, build_request(signer=signer, name=name)


@transaction.atomic(durable=True)
def accept_issuing_authority(
    *, certificate: bytes, now: datetime, root: bytes | None = None, root_list: bytes | None = None
) -> str:
    """Put the authority into force that the root has certified; return its reference.

    `certificate`, `root` and `root_list` are PEM or DER. `root` is needed the first time, when
    the bank's root was made offline. The authority before retires: it issues nothing more, and
    its list and answers go on until its last certificate has ended. Raises AuthorityRefused,
    AuthorityMissing, KeyUnavailable.
    """
    above = _root_step(root, now)
    loaded = read_certificate(certificate)
    check_authority(loaded, root=bytes(above.certificate_der), now=now)
    der, key = loaded.public_bytes(Encoding.DER), loaded.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise AuthorityRefused(AuthorityReason.NO_AUTHORITY)
    key_reference = reference_of(PURPOSE, key)
    if signer_of(key_reference).public_key() != key:
        raise AuthorityRefused(AuthorityReason.WRONG_ISSUER_KEY)
    if root_list is not None:
        _root_list_step(above, root_list)
    return _succeed_step(der, key_reference, now)


@transaction.atomic(durable=True)
def rotate_issuing_authority(*, now: datetime) -> str:
    """Put a new issuing authority into force with the root's key at hand; return its reference.

    For installations whose root's key is still within reach. Raises AuthorityMissing,
    KeyUnavailable.
    """
    root = issuer_of(current_authority(Kind.ROOT))
    key_reference, signer = make_signer(PURPOSE, ec.SECP256R1())
    der = build_issuing_authority(
        root=root, public_key=signer.public_key(), name=next_name(), now=now
    )
    return _succeed_step(der, key_reference, now)


@transaction.atomic(durable=True)
def accept_root_list(*, root_list: bytes, now: datetime) -> int:
    """Publish a list the offline root has signed (PEM or DER); return its number.

    Raises AuthorityRefused when it is another root's, or not newer than the one published.
    """
    number = _root_list_step(current_authority(Kind.ROOT), root_list)
    audit.record(
        chain=audit.BANK,
        event="certificates.revocation_list.published",
        actor=SYSTEM,
        target=f"crl:{number}",
        now=now,
        after={"authority": "root"},
    )
    return number


def next_name() -> str:
    """Return the name of the next issuing authority; from the second on it is numbered."""
    number = CertificateAuthority.objects.filter(kind=Kind.ISSUING).count() + 1
    return f"{gateways.bank_name()} Issuing CA{f' {number}' if number > 1 else ''}"


def _succeed_step(der: bytes, key_reference: str, now: datetime) -> str:
    before = (
        CertificateAuthority.objects.select_for_update()
        .filter(kind=Kind.ISSUING, state=AuthorityState.CURRENT)
        .first()
    )
    if before is not None:
        before.retire()
        before.save(update_fields=["state"])
    name = _common_name(x509.load_der_x509_certificate(der))
    authority = keep_authority_step(
        kind=Kind.ISSUING, certificate=der, name=name, key_reference=key_reference, now=now
    )
    for service in Service:
        make_service_key_step(authority=authority, service=service, now=now)
    publish_crl_step(now=now)
    audit.record(
        chain=audit.BANK,
        event="certificates.authority.rotated",
        actor=SYSTEM,
        target=f"authority:{authority.reference}",
        now=now,
        before={"reference": before.reference if before is not None else ""},
        after={"reference": authority.reference, "name": name},
    )
    return authority.reference


def _root_step(root: bytes | None, now: datetime) -> CertificateAuthority:
    """Return the root in force; store the one given where the bank has none yet."""
    found = CertificateAuthority.objects.filter(kind=Kind.ROOT, state=AuthorityState.CURRENT)
    known = found.first()
    if root is None:
        if known is None:
            raise AuthorityMissing
        return known
    loaded = read_certificate(root)
    der = loaded.public_bytes(Encoding.DER)
    if known is not None:
        if bytes(known.certificate_der) != der:
            raise AuthorityRefused(AuthorityReason.ANOTHER_ROOT)
        return known
    check_root(loaded, now=now)
    return keep_authority_step(
        kind=Kind.ROOT, certificate=der, name=_common_name(loaded), key_reference=None, now=now
    )


def _root_list_step(root: CertificateAuthority, root_list: bytes) -> int:
    told = read_root_list(root_list, root=bytes(root.certificate_der))
    newest = RevocationList.objects.filter(issuer=root).order_by("-number").first()
    if newest is not None and told.number <= newest.number:
        raise AuthorityRefused(AuthorityReason.STALE_LIST)
    RevocationList.objects.create(
        issuer=root,
        number=told.number,
        der=told.der,
        entries=told.entries,
        this_update=told.this_update,
        next_update=told.next_update,
    )
    return told.number


def _common_name(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()
