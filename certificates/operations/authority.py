"""The bank's own certificate authority and its revocation lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction
from django.db.models import F

from audit import operations as audit
from certificates import gateways
from certificates.errors import AuthorityMissing, KeyUnavailable
from certificates.formats.authority import (
    CRL_LIFETIME,
    ROOT_CRL_LIFETIME,
    build_crl,
    build_issuing_authority,
    build_root,
)
from certificates.formats.profiles import RevocationReason, RevokedEntry, Service
from certificates.models import Certificate, CertificateAuthority, RevocationList
from certificates.operations.history import SYSTEM
from certificates.operations.issuers import (
    Kind,
    current_authority,
    issuer_of,
    keep_authority_step,
)
from certificates.operations.keys import make_signer
from certificates.operations.ocsp import renew_answers_step
from certificates.operations.services import make_service_key_step
from certificates.policies import CRL_REPUBLISHED_AFTER, whole_second
from certificates.queries.authorities import telling_authorities
from certificates.states import ON_HOLD, AuthorityState, CertificateState


@transaction.atomic(durable=True)
def prepare_authority(*, now: datetime) -> bool:
    """Make the root, the issuing authority, its services and the first revocation lists, once.

    Returns False when they are there already. The root's key is only needed again for another
    issuing authority and for the root's own list: it can be taken off the machine afterwards. A
    bank makes its root offline instead (`make_root`) and begins with `rotate_issuing_authority`.
    """
    if CertificateAuthority.objects.filter(kind=Kind.ISSUING).exists():
        return False
    bank = gateways.bank_name()
    root_key, root_signer = make_signer("root", ec.SECP384R1())
    root = keep_authority_step(
        kind=Kind.ROOT,
        certificate=build_root(signer=root_signer, name=f"{bank} Root CA", now=now),
        name=f"{bank} Root CA",
        key_reference=root_key,
        now=now,
    )
    key, signer = make_signer("issuing", ec.SECP256R1())
    name = f"{bank} Issuing CA"
    der = build_issuing_authority(
        root=issuer_of(root), public_key=signer.public_key(), name=name, now=now
    )
    issuing = keep_authority_step(
        kind=Kind.ISSUING, certificate=der, name=name, key_reference=key, now=now
    )
    publish_root_list_step(root=root, now=now)
    for service in Service:
        make_service_key_step(authority=issuing, service=service, now=now)
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
    """Publish the full revocation list of every authority that tells of certificates (CERT-8).

    Done every 24 hours. Returns the number of the list of the authority in force; raises
    KeyUnavailable when its key is out of reach.
    """
    published = [_record_published(one, now) for one in _each_published(now)]
    if not published:
        raise AuthorityMissing
    return published[-1].number


def publish_crl_step(*, now: datetime, changed: Sequence[Certificate] = ()) -> RevocationList:
    """Tell the world of a change in the transaction that makes it (CERT-8).

    `changed` are the certificates the caller has just saved: their issuers' lists are published
    again and the answers about them signed anew. Without any, the list of the authority in force
    is published. Returns the list of the newest of these issuers. Taking a list's number locks
    the authority's row until the commit, so that each list is read from all changes that
    committed before it. Raises AuthorityMissing, KeyUnavailable.
    """
    audit.require_transaction()
    issuers = {one.issuer_id for one in changed if one.issuer_id is not None}
    if not issuers:
        issuers = {current_authority().pk}
    lists = [_publish(issuer_id, now) for issuer_id in sorted(issuers)]
    renew_answers_step(certificates=changed, now=now)
    return lists[-1]


def publish_root_list_step(*, root: CertificateAuthority, now: datetime) -> None:
    """Publish the root's list, naming nobody, with the root's key at hand. Raises KeyUnavailable.

    It lasts a year; an offline root signs its list elsewhere (`sign_with_root`).
    """
    audit.require_transaction()
    authority, this_update = _take_number(root.pk), whole_second(now)
    der = build_crl(
        issuer=issuer_of(authority),
        entries=(),
        number=authority.crl_number,
        now=this_update,
        lifetime=ROOT_CRL_LIFETIME,
    )
    _store(authority, der, 0, this_update, ROOT_CRL_LIFETIME)


@transaction.atomic(durable=True)
def keep_list_current(*, now: datetime) -> None:
    """Publish again every revocation list that is a day old (CERT-8)."""
    old = now - CRL_REPUBLISHED_AFTER
    for published in _each_published(now, unless_newer_than=old):
        _record_published(published, now)


def keep_list_current_step(*, issuer_id: int | None, now: datetime) -> None:
    """Publish an authority's list if its newest is a day old, so that signatures can carry one.

    An hourly task does this too; here it is only made sure of. Nothing for None: the certificate
    of an outside authority is on no list of ours. Raises AuthorityMissing.
    """
    audit.require_transaction()
    if issuer_id is None:
        return
    lists = RevocationList.objects.filter(issuer=issuer_id).order_by("-number")
    newest = lists.values_list("this_update", flat=True).first()
    if newest is None or newest < now - CRL_REPUBLISHED_AFTER:
        _record_published(_publish(issuer_id, now), now)


def revoked_entries(issuer_id: int) -> list[RevokedEntry]:
    """Return what an authority's list published now must tell: everything on hold or revoked."""
    rows = Certificate.objects.filter(
        issuer=issuer_id, state__in=[*ON_HOLD, CertificateState.REVOKED]
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


def _each_published(
    now: datetime, *, unless_newer_than: datetime | None = None
) -> Iterator[RevocationList]:
    """Publish the list of each authority that tells of certificates, oldest authority first.

    A retired one whose key is out of reach keeps nobody else's list from being published: its
    own grows old, and the doctor says so. Raises KeyUnavailable for the one in force.
    """
    audit.require_transaction()
    for authority in telling_authorities(now).order_by("pk"):
        lists = authority.revocation_lists.order_by("-number")
        newest = lists.values_list("this_update", flat=True).first()
        if unless_newer_than is not None and newest is not None and newest >= unless_newer_than:
            continue
        try:
            with transaction.atomic():
                published = _publish(authority.pk, now)
        except KeyUnavailable:
            if authority.state == AuthorityState.CURRENT:
                raise
            continue
        yield published


def _publish(issuer_id: int, now: datetime) -> RevocationList:
    authority = _take_number(issuer_id)
    entries = revoked_entries(issuer_id)
    this_update = whole_second(now)
    der = build_crl(
        issuer=issuer_of(authority), entries=entries, number=authority.crl_number, now=this_update
    )
    return _store(authority, der, len(entries), this_update, CRL_LIFETIME)


def _take_number(authority_id: int) -> CertificateAuthority:
    """Lock an authority until the commit and return it with the number of its next list."""
    taken = CertificateAuthority.objects.filter(pk=authority_id)
    if not taken.update(crl_number=F("crl_number") + 1):
        raise AuthorityMissing
    return taken.get()


def _store(
    authority: CertificateAuthority,
    der: bytes,
    entries: int,
    this_update: datetime,
    lifetime: timedelta,
) -> RevocationList:
    return RevocationList.objects.create(
        issuer=authority,
        number=authority.crl_number,
        der=der,
        entries=entries,
        this_update=this_update,
        next_update=this_update + lifetime,
    )


def _record_published(published: RevocationList, now: datetime) -> RevocationList:
    audit.record(
        chain=audit.BANK,
        event="certificates.revocation_list.published",
        actor=SYSTEM,
        target=f"crl:{published.number}",
        now=now,
        after={"entries": published.entries, "authority": published.issuer.reference},
    )
    return published
