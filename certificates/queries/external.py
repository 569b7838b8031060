"""Which outside authorities are accepted, and what is to be said of a certificate of theirs?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from certificates.errors.external import ExternalReason
from certificates.formats.external import Examination, examine
from certificates.formats.external_paths import Trust
from certificates.formats.profiles import KeyStorage
from certificates.models import Certificate, ExternalAuthority, ExternalIssuer, ExternalList


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of an uploaded certificate: every check, and whether it is new here."""

    examination: Examination
    authority: str
    issuer_id: int | None
    known: ExternalReason | None

    @property
    def refusal(self) -> ExternalReason | None:
        """Return the first reason not to bind it, or None."""
        return self.examination.refusal or self.known


@dataclass(frozen=True, slots=True)
class IssuerFacts:
    """One issuer of an authority with its newest list; times are None before the first."""

    subject: str
    crl_url: str
    entries: int
    this_update: datetime | None
    next_update: datetime | None

    def is_stale(self, now: datetime) -> bool:
        """Tell whether nobody can sign by this issuer's certificates for want of a fresh list."""
        return self.next_update is None or self.next_update <= now


@dataclass(frozen=True, slots=True)
class AuthorityFacts:
    """One accepted authority with its issuers; `policies` are OIDs with the key's storage."""

    code: str
    name: str
    policies: dict[str, str]
    issuers: list[IssuerFacts]


def examine_for(der: bytes, *, now: datetime) -> Finding:
    """Return what is to be said of a certificate by the authorities the bank accepts.

    Raises ExternalRefused only where the bytes are no certificate.
    """
    best: Finding | None = None
    for authority in ExternalAuthority.objects.filter(withdrawn_at=None).order_by("pk"):
        issuers = list(authority.issuers.order_by("pk"))
        lists = [der for der, _ in newest_lists(one.pk for one in issuers).values()]
        found = examine(der, trust=_trust(authority, issuers), lists=lists, now=now)
        issuer = next((one for one in issuers if one.sha256 == found.issuer_sha256), None)
        finding = Finding(
            found, authority.name, issuer.pk if issuer is not None else None, _known(found)
        )
        if issuer is not None:
            return finding
        best = best or finding
    if best is None:
        found = examine(der, trust=Trust(b"", [], {}), lists=[], now=now)
        best = Finding(found, "", None, _known(found))
    return best


def newest_lists(issuer_ids: Iterable[int]) -> dict[int, tuple[bytes, datetime]]:
    """Return the newest list of each issuer with its next update, by issuer."""
    rows = ExternalList.objects.filter(issuer_id__in=list(issuer_ids))
    newest = rows.order_by("issuer_id", "-this_update").distinct("issuer_id")
    return {row.issuer_id: (bytes(row.der), row.next_update) for row in newest}


def external_authorities() -> list[AuthorityFacts]:
    """Return the accepted outside authorities with the state of their lists; two queries."""
    newest = {
        row.issuer_id: row
        for row in ExternalList.objects.order_by("issuer_id", "-this_update")
        .distinct("issuer_id")
        .defer("der")
    }
    rows = ExternalAuthority.objects.filter(withdrawn_at=None).order_by("code")
    return [
        AuthorityFacts(
            code=row.code,
            name=row.name,
            policies=dict(row.policies),
            issuers=[_issuer(one, newest.get(one.pk)) for one in row.issuers.all()],
        )
        for row in rows.prefetch_related("issuers")
    ]


def _issuer(row: ExternalIssuer, newest: ExternalList | None) -> IssuerFacts:
    return IssuerFacts(
        subject=row.subject,
        crl_url=row.crl_url,
        entries=newest.entries if newest is not None else 0,
        this_update=newest.this_update if newest is not None else None,
        next_update=newest.next_update if newest is not None else None,
    )


def _trust(authority: ExternalAuthority, issuers: Iterable[ExternalIssuer]) -> Trust:
    return Trust(
        root=bytes(authority.root_der),
        issuers=[bytes(one.certificate_der) for one in issuers if one.chain],
        policies={oid: KeyStorage[name] for oid, name in authority.policies.items()},
    )


def _known(found: Examination) -> ExternalReason | None:
    said = found.certificate
    same_key = Certificate.objects.filter(public_key_sha256=said.public_key_sha256)
    sha256 = same_key.values_list("sha256", flat=True).first()
    if sha256 is None:
        return None
    return ExternalReason.ALREADY_BOUND if sha256 == said.sha256 else ExternalReason.KEY_IN_USE
