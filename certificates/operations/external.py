"""Accept outside authorities, keep their lists, and bind their certificates here (CERT-11)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction

from audit import operations as audit
from certificates.errors.external import (
    ExternalAuthorityUnknown,
    ExternalReason,
    ExternalRefused,
    HolderNotFit,
    HolderNotFree,
    ListNotFetched,
)
from certificates.formats.external_lists import OutsideStatus, read_list
from certificates.formats.external_paths import Trust, check_trust, load
from certificates.formats.profiles import KeyStorage, Purpose
from certificates.gateways.lists import list_source
from certificates.models import Certificate, ExternalAuthority, ExternalIssuer, ExternalList
from certificates.operations.history import SYSTEM, move, note
from certificates.operations.outside import judge_step
from certificates.operations.pairs import lock_holder
from certificates.queries.external import Finding, examine_for
from certificates.states import WAITING
from identity.models import User

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewIssuer:
    """One issuer to accept: its certificate (DER) and where its revocation list is fetched."""

    certificate: bytes
    crl_url: str


@transaction.atomic(durable=True)
def configure_external_authority(
    *,
    code: str,
    name: str,
    root: NewIssuer,
    issuers: Sequence[NewIssuer],
    policies: Mapping[str, KeyStorage],
    now: datetime,
) -> None:
    """Accept an outside authority, or change name, policies, issuers and addresses of one.

    Raises ExternalRefused unless every issuer leads to the self-signed root and all are in force,
    and where the root or the code belongs to another authority. Issuers once accepted stay: what
    they signed must go on being judged.
    """
    trust = Trust(root.certificate, [one.certificate for one in issuers], policies)
    chains = check_trust(trust, now=now)
    if KeyStorage.BROWSER in policies.values():
        raise ExternalRefused(ExternalReason.WRONG_POLICY)
    sha256 = hashlib.sha256(root.certificate).hexdigest()
    authority = ExternalAuthority.objects.select_for_update().filter(code=code).first()
    if authority is None:
        authority = ExternalAuthority(
            code=code, root_der=root.certificate, root_sha256=sha256, configured_at=now
        )
    if authority.withdrawn_at is not None or authority.root_sha256 != sha256:
        raise ExternalRefused(ExternalReason.UNKNOWN_ISSUER)
    authority.name = name
    authority.policies = {oid: storage.name for oid, storage in policies.items()}
    authority.save()
    urls = {one.certificate: one.crl_url for one in (root, *issuers)}
    for der, chain in [(root.certificate, ()), *chains]:
        ExternalIssuer.objects.update_or_create(
            authority=authority,
            sha256=hashlib.sha256(der).hexdigest(),
            defaults={"crl_url": urls[der]},
            create_defaults={
                "crl_url": urls[der],
                "certificate_der": der,
                "chain": list(chain),
                "subject": load(der).subject.rfc4514_string()[:300],
            },
        )
    _record(
        authority, "configured", now,
        {"name": name, "root": sha256, "policies": dict(authority.policies)},
    )  # fmt: skip


@transaction.atomic(durable=True)
def withdraw_external_authority(*, code: str, now: datetime) -> None:
    """Accept an authority no longer: from now on none of its certificates signs here."""
    authority = ExternalAuthority.objects.select_for_update().filter(code=code).first()
    if authority is None or authority.withdrawn_at is not None:
        raise ExternalAuthorityUnknown
    authority.withdrawn_at = now
    authority.save()
    judge_step(authority=authority, now=now)
    _record(authority, "withdrawn", now, {"name": authority.name})


def refresh_external_lists(*, now: datetime) -> int:
    """Fetch the lists of all accepted authorities and return how many could not be had.

    Nothing is locked while the network is waited for; each list is taken in an act of its own.
    What cannot be had now leaves the list there is: it is good until its own end and no longer.
    """
    source, failures = list_source(), 0
    rows = ExternalIssuer.objects.filter(authority__withdrawn_at=None).order_by("pk")
    for issuer_id, sha256, url in rows.values_list("pk", "sha256", "crl_url"):
        try:
            der = source.fetch(issuer_sha256=sha256, url=url)
            take_external_list(issuer_id=issuer_id, der=der, now=now)
        except ListNotFetched as failed:
            failures += 1
            log.warning("external list not fetched", issuer=sha256, why=failed.why)
        except ExternalAuthorityUnknown:  # withdrawn meanwhile
            continue
        except ExternalRefused as refused:
            failures += 1
            log.warning("external list refused", issuer=sha256, why=refused.code)
    return failures


@transaction.atomic(durable=True)
def take_external_list(*, issuer_id: int, der: bytes, now: datetime) -> bool:
    """Take an issuer's revocation list and judge its certificates by it; False when not newer.

    Raises ExternalRefused unless the issuer signed it, it is full, and fresh at `now`.
    """
    # The authority's row is the lock: one list of it at a time.
    authority = (
        ExternalAuthority.objects.select_for_update(of=("self",))
        .filter(issuers=issuer_id, withdrawn_at=None)
        .first()
    )
    if authority is None:
        raise ExternalAuthorityUnknown
    issuer = ExternalIssuer.objects.get(pk=issuer_id)
    facts = read_list(der, issuer=bytes(issuer.certificate_der), now=now)
    newest = issuer.lists.order_by("-this_update").first()
    if newest is not None and newest.this_update >= facts.this_update:
        return False
    ExternalList.objects.create(
        issuer=issuer,
        number=facts.number,
        der=der,
        entries=facts.entries,
        this_update=facts.this_update,
        next_update=facts.next_update,
        fetched_at=now,
    )
    judge_step(authority=authority, now=now)
    _record(
        authority, "list_taken", now,
        {"issuer": issuer.subject, "number": str(facts.number), "entries": facts.entries},
    )  # fmt: skip
    return True


def check_bindable(*, holder: User, der: bytes, now: datetime) -> Finding:
    """Return what was found of a certificate that may be bound to this person now.

    Raises ExternalRefused, HolderNotFit, HolderNotFree. Asked when it is proposed and again when
    it is bound.
    """
    finding = examine_for(der, now=now)
    if finding.refusal is not None:
        raise ExternalRefused(finding.refusal)
    if holder.company_id is None or not holder.is_active:
        raise HolderNotFit
    waiting = Certificate.objects.filter(
        holder=holder, purpose=Purpose.SIGNING.name, state__in=WAITING
    )
    if waiting.exists():
        raise HolderNotFree
    return finding


def bind_step(
    *, holder_id: int, der: bytes, actor: User | None, now: datetime, reason: str = ""
) -> Certificate:
    """Bind an outside certificate to a holder, who then confirms it with its key (CERT-11).

    A step of the release that decides it. Every check is made again, by the newest lists. Raises
    what `check_bindable` raises and HolderUnknown.
    """
    audit.require_transaction()
    holder = lock_holder(holder_id)
    # They hold still until the commit: a list taken after that judges this certificate too.
    accepted = ExternalAuthority.objects.select_for_update().filter(withdrawn_at=None)
    codes = {row.pk: row.code for row in accepted.order_by("pk")}
    finding = check_bindable(holder=holder, der=der, now=now)
    examined, said = finding.examination, finding.examination.certificate
    issuer = ExternalIssuer.objects.get(pk=finding.issuer_id or 0)
    code = codes[issuer.authority_id]
    certificate = Certificate(
        holder=holder,
        purpose=Purpose.SIGNING.name,
        state_since=now,
        applied_at=now,
        external_issuer=issuer,
        outside_status=OutsideStatus.GOOD.name,
        outside_good_until=examined.good_until,
    )
    certificate.save(force_insert=True)
    certificate.der = der
    certificate.sha256 = said.sha256
    certificate.public_key_sha256 = said.public_key_sha256
    certificate.serial_number = f"{code}-{said.serial_number}"
    certificate.storage = (examined.storage or KeyStorage.SOFTWARE).name
    certificate.not_before, certificate.not_after = said.not_before, said.not_after
    certificate.issued_at = now
    try:
        with transaction.atomic():
            source = move(certificate, "bind", now)
    except IntegrityError as error:  # somebody else had the same key accepted meanwhile
        raise ExternalRefused(ExternalReason.KEY_IN_USE) from error
    note(
        certificate, verb="bind", event="certificates.certificate.bound", source=source,
        actor=actor, now=now, reason=reason,
        after={"authority": code, "subject": said.subject, "sha256": said.sha256},
    )  # fmt: skip
    return certificate


def _record(
    authority: ExternalAuthority, verb: str, now: datetime, after: Mapping[str, object]
) -> None:
    audit.record(
        chain=audit.BANK,
        event=f"certificates.external.{verb}",
        actor=SYSTEM,
        target=f"external:{authority.code}",
        now=now,
        after=after,
    )
