"""Which authorities tell of certificates, and until when can each go on?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from django.db.models import Exists, OuterRef, Q, QuerySet

from certificates.formats.profiles import Service
from certificates.models import Certificate, CertificateAuthority
from certificates.states import AuthorityState


@dataclass(frozen=True, slots=True)
class AuthorityDeadlines:
    """Say when an authority's certificate, its newest list and its services' keys end.

    None where there is no list or no key of a service, by its name.
    """

    reference: str
    is_root: bool
    certificate_until: datetime
    list_until: datetime | None
    services_until: Mapping[str, datetime | None]


def telling_authorities(now: datetime) -> QuerySet[CertificateAuthority]:
    """Return the issuing authorities that tell of certificates.

    These are the one in force, and a retired one until the last certificate it issued has ended.
    """
    not_ended = Certificate.objects.filter(issuer=OuterRef("pk"), not_after__gt=now)
    return CertificateAuthority.objects.filter(
        Q(state=AuthorityState.CURRENT) | Exists(not_ended),
        kind=CertificateAuthority.Kind.ISSUING,
    )


def authority_deadlines(now: datetime) -> list[AuthorityDeadlines]:
    """Return until when the root and each authority that tells of certificates can go on."""
    roots = CertificateAuthority.objects.filter(
        kind=CertificateAuthority.Kind.ROOT, state=AuthorityState.CURRENT
    )
    return [
        _deadlines(row) for rows in (roots, telling_authorities(now).order_by("pk")) for row in rows
    ]


def _deadlines(row: CertificateAuthority) -> AuthorityDeadlines:
    is_root = row.kind == CertificateAuthority.Kind.ROOT
    lists = row.revocation_lists.order_by("-number").values_list("next_update", flat=True)
    keys = row.service_keys.order_by("-pk")
    return AuthorityDeadlines(
        reference=row.reference,
        is_root=is_root,
        certificate_until=x509.load_der_x509_certificate(
            bytes(row.certificate_der)
        ).not_valid_after_utc,
        list_until=lists.first(),
        services_until={
            service.name: keys.filter(service=service.name)
            .values_list("not_after", flat=True)
            .first()
            for service in ([] if is_root else Service)
        },
    )
