"""Answers about certificates' states: signed beforehand, and true at every moment (CERT-8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery

from audit import operations as audit
from certificates.errors import AuthorityMissing, KeyUnavailable
from certificates.formats.ocsp import (
    Asked,
    CertificateStatus,
    Question,
    Refusal,
    Responder,
    Telling,
    build_answer,
    build_answers,
    build_refusal,
    certificate_identifier,
    is_about,
    read_question,
)
from certificates.formats.profiles import RevocationReason, Service
from certificates.models import Certificate, CertificateAuthority, OcspAnswer, ServiceKey
from certificates.operations.keys import signer_of
from certificates.operations.services import service_credentials
from certificates.policies import ANSWER_LIFETIME, whole_second
from certificates.states import ON_HOLD, CertificateState

ANSWER_COLUMNS = (
    "answer_der", "answer_status", "answer_revoked_at", "answer_reason", "answer_next_update",
    "responder_der", "responder_key", "responder_not_after", "issuer_der",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What the world is told of a certificate; `reason` empty unless it is revoked."""

    status: CertificateStatus
    revoked_at: datetime | None = None
    reason: str = ""


@transaction.atomic(durable=True)
def answer(*, question: bytes, now: datetime) -> bytes:
    """Return the DER of the responder's answer to a question's DER.

    The bytes signed beforehand, where they say what is so and are not old; else a fresh answer,
    which is stored unless it echoes a nonce. A certificate that is not this authority's is
    unknown; another authority's question is refused as unauthorized.
    """
    try:
        asked = read_question(question)
    except ValueError:
        return build_refusal(Refusal.MALFORMED)
    authority = _authority_asked(asked)
    if authority is None:
        return build_refusal(Refusal.UNAUTHORIZED)
    try:
        return _answer(asked, authority, now)
    except (AuthorityMissing, KeyUnavailable):
        return build_refusal(Refusal.TRY_LATER)


def renew_answers_step(*, certificates: Iterable[Certificate], now: datetime) -> None:
    """Sign anew the answers about certificates the caller has just changed.

    Without a responder there is none to renew, and the change is made and listed all the same:
    the responder then says that it cannot answer, never what was so before.
    """
    audit.require_transaction()
    for certificate in certificates:
        if certificate.issuer_id is None:
            continue
        try:
            answer_step(certificate=certificate, now=now)
        except (AuthorityMissing, KeyUnavailable):
            continue


def answer_step(*, certificate: Certificate, now: datetime) -> bytes:
    """Sign the answer about a certificate as its row is, store it and return its DER.

    Raises AuthorityMissing, KeyUnavailable.
    """
    audit.require_transaction()
    fields = _fresh(certificate, now)
    OcspAnswer.objects.update_or_create(certificate=certificate, defaults=fields)
    return bytes(fields["der"])


def good_answer(certificate_id: int, now: datetime, *, found: Sequence[Any] | None = None) -> bytes:
    """Return the DER of an answer saying 'good' that is valid now, for a signature's evidence.

    One read, or none when `found` brings the certificate and the ANSWER_COLUMNS of
    `with_answer`; nothing is written and nothing locked. Raises AuthorityMissing when the
    certificate is not good or nobody can say so, KeyUnavailable.
    """
    if found is None:
        row = with_answer(Certificate.objects.filter(pk=certificate_id)).first()
        if row is None:
            raise AuthorityMissing
        found = (row, *(getattr(row, name) for name in ANSWER_COLUMNS))
    certificate, der, status, revoked_at, reason, next_update, *responder = found
    standing = standing_told(certificate)
    if standing.status is not CertificateStatus.GOOD:
        raise AuthorityMissing
    stored = (status, revoked_at, reason)
    if der is not None and stored == _columns(standing) and now < next_update:
        return bytes(der)
    responder_der, key, not_after, issuer = responder
    if responder_der is None or not_after <= now:
        raise AuthorityMissing
    signing = Responder(bytes(responder_der), signer_of(key))
    return _signed(certificate, bytes(issuer), signing, now)


def with_answer(rows: QuerySet[Any], prefix: str = "") -> QuerySet[Any]:
    """Add the ANSWER_COLUMNS to rows that lead to certificates, in the same statement.

    `prefix` is the way to the certificate, such as `certificate__`.
    """
    keys = ServiceKey.objects.filter(
        authority=OuterRef(f"{prefix}issuer"), service=Service.OCSP_RESPONDER.name
    ).order_by("-pk")
    stored = f"{prefix}ocsp_answer__"
    annotated: QuerySet[Any] = rows.annotate(
        answer_der=F(f"{stored}der"),
        answer_status=F(f"{stored}status"),
        answer_revoked_at=F(f"{stored}revoked_at"),
        answer_reason=F(f"{stored}reason"),
        answer_next_update=F(f"{stored}next_update"),
        responder_der=Subquery(keys.values("certificate_der")[:1]),
        responder_key=Subquery(keys.values("key_reference")[:1]),
        responder_not_after=Subquery(keys.values("not_after")[:1]),
        issuer_der=F(f"{prefix}issuer__certificate_der"),
    )
    return annotated


def standing_told(certificate: Certificate) -> Standing:
    """Return what the world is told of a certificate's state.

    Before its holder has confirmed it, and once its time is over, the responder does not know it.
    """
    if certificate.state == CertificateState.ACTIVE:
        return Standing(CertificateStatus.GOOD)
    if certificate.state not in (*ON_HOLD, CertificateState.REVOKED):
        return Standing(CertificateStatus.UNKNOWN)
    since = whole_second(certificate.listed_at or certificate.state_since)
    reason = certificate.listed_reason or RevocationReason.UNSPECIFIED.name
    return Standing(CertificateStatus.REVOKED, since, reason)


def _answer(asked: Question, authority: CertificateAuthority, now: datetime) -> bytes:
    rows = _rows(asked, authority)
    issuer = bytes(authority.certificate_der)
    first = rows.get(asked.serials[0])
    usual = len(asked.asked) == 1 and asked.nonce is None and first is not None
    if usual and first is not None and _is_usual(asked.asked[0], issuer):
        return _precomputed(first, now) or _renewed(first, now)
    credentials = service_credentials(
        service=Service.OCSP_RESPONDER, now=now, authority_id=authority.pk
    )
    services = _services(asked, authority)
    this_update = whole_second(now)
    return build_answers(
        told=[_telling(one, rows.get(one.serial), one.serial in services) for one in asked.asked],
        this_update=this_update,
        next_update=this_update + ANSWER_LIFETIME,
        responder=Responder(credentials.certificate, credentials.signer),
        nonce=asked.nonce,
    )


def _renewed(certificate: Certificate, now: datetime) -> bytes:
    """Sign an old answer anew, and store it unless a change is just doing the same.

    A question never waits for a change that is under way, and no change for a question.
    """
    fields = _fresh(certificate, now)
    free = OcspAnswer.objects.select_for_update(skip_locked=True).filter(pk=certificate.pk)
    if free.exists():
        free.update(**fields)
    elif getattr(certificate, "ocsp_answer", None) is None:
        answer = OcspAnswer(certificate=certificate, **fields)
        OcspAnswer.objects.bulk_create([answer], ignore_conflicts=True)
    return bytes(fields["der"])


def _fresh(certificate: Certificate, now: datetime) -> dict[str, Any]:
    """Return the columns of an answer signed now. Raises AuthorityMissing, KeyUnavailable."""
    if certificate.issuer_id is None:
        raise AuthorityMissing
    credentials = service_credentials(
        service=Service.OCSP_RESPONDER, now=now, authority_id=certificate.issuer_id
    )
    responder = Responder(credentials.certificate, credentials.signer)
    standing, this_update = standing_told(certificate), whole_second(now)
    return {
        "der": _signed(certificate, credentials.issuer, responder, now),
        "status": standing.status.name,
        "revoked_at": standing.revoked_at,
        "reason": standing.reason,
        "this_update": this_update,
        "next_update": this_update + ANSWER_LIFETIME,
    }


def _authority_asked(asked: Question) -> CertificateAuthority | None:
    """Return the one authority a question is about; None when it is not ours, or several."""
    for authority in CertificateAuthority.objects.filter(
        kind=CertificateAuthority.Kind.ISSUING
    ).order_by("-pk"):
        issuer = bytes(authority.certificate_der)
        if all(is_about(one, issuer) for one in asked.asked):
            return authority
    return None


def _rows(asked: Question, authority: CertificateAuthority) -> dict[int, Certificate]:
    rows = Certificate.objects.filter(
        issuer=authority, serial_number__in=[f"{serial:x}" for serial in asked.serials]
    ).select_related("ocsp_answer")
    return {int(row.serial_number or "", 16): row for row in rows}


def _services(asked: Question, authority: CertificateAuthority) -> set[int]:
    """Return which of the serials are those of the authority's own services."""
    rows = ServiceKey.objects.filter(
        authority=authority, serial_number__in=[f"{serial:x}" for serial in asked.serials]
    )
    return {int(serial, 16) for serial in rows.values_list("serial_number", flat=True)}


def _is_usual(asked: Asked, issuer: bytes) -> bool:
    return asked.identifier == certificate_identifier(issuer, asked.serial)


def _precomputed(certificate: Certificate, now: datetime) -> bytes | None:
    stored = getattr(certificate, "ocsp_answer", None)
    if stored is None or now >= stored.next_update:
        return None
    same = (stored.status, stored.revoked_at, stored.reason) == _columns(standing_told(certificate))
    return bytes(stored.der) if same else None


def _columns(standing: Standing) -> tuple[str, datetime | None, str]:
    return standing.status.name, standing.revoked_at, standing.reason


def _telling(asked: Asked, certificate: Certificate | None, is_service: bool) -> Telling:
    if certificate is None:
        status = CertificateStatus.GOOD if is_service else CertificateStatus.UNKNOWN
        return Telling(asked.identifier, status)
    standing = standing_told(certificate)
    return Telling(asked.identifier, standing.status, standing.revoked_at, _reason(standing))


def _signed(certificate: Certificate, issuer: bytes, responder: Responder, now: datetime) -> bytes:
    standing, this_update = standing_told(certificate), whole_second(now)
    return build_answer(
        issuer=issuer,
        serial=int(certificate.serial_number or "", 16),
        status=standing.status,
        revoked_at=standing.revoked_at,
        reason=_reason(standing),
        this_update=this_update,
        next_update=this_update + ANSWER_LIFETIME,
        responder=responder,
    )


def _reason(standing: Standing) -> RevocationReason | None:
    return RevocationReason[standing.reason] if standing.reason else None
