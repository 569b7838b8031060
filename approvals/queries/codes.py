"""How far the transaction verification code of one request has come for one person (AUTH-7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.exceptions import ObjectDoesNotExist

from approvals.errors import CodeNeeded
from approvals.models import Request, Revision
from approvals.policies.codes import code_subject, needs_code
from identity import queries as identity
from identity.models import OneTimeCode, User


@dataclass(frozen=True, slots=True)
class CodeState:
    """Say whether a code waits to be typed, until when, or was typed already."""

    is_open: bool
    expires_at: datetime | None
    is_verified: bool


def asks_for_code(request: Request) -> bool:
    """Tell whether the company's policy of today asks for a code at the release of this request.

    Costs a statement unless the request was read together with its company's policy.
    """
    return needs_code(_code_from(request), request.money)


def subject_of(request: Request, revision: Revision) -> str:
    """Return what a code for this revision of this request is bound to."""
    return code_subject(
        kind=request.kind,
        reference=request.reference,
        revision=revision.number,
        revision_sha256=revision.sha256,
    )


def code_state(user_id: int, subject: str, *, now: datetime) -> CodeState:
    """Return how far the code for a subject has come for a person; two statements."""
    row = identity.newest_code(user_id, OneTimeCode.Purpose.TRANSACTION, subject=subject)
    if row is None:
        return CodeState(False, None, False)
    is_open = row.closed_at is None and row.expires_at > now
    return CodeState(is_open, row.expires_at, is_verified(user_id, subject, now=now))


def check_code(actor: User, request: Request, revision: Revision, *, now: datetime) -> bool:
    """Insist on the code where today's policy asks for one, and tell whether it did.

    Raises CodeNeeded.
    """
    if not asks_for_code(request):
        return False
    if not is_verified(actor.pk, subject_of(request, revision), now=now):
        raise CodeNeeded()
    return True


def is_verified(user_id: int, subject: str, *, now: datetime) -> bool:
    """Tell whether a person has typed the code for this subject within its minutes.

    Of a revision that is released nothing is left to be released: so a verified code is worth one
    release, and a release that was stopped by something else can be tried again with it.
    """
    row = identity.newest_code(user_id, OneTimeCode.Purpose.TRANSACTION, subject=subject)
    if row is None or row.used_at is None:
        return False
    return now - row.used_at < timedelta(minutes=identity.sign_in_policy().code_minutes)


def _code_from(request: Request) -> Decimal | None:
    if request.company is None:
        return None
    try:
        return request.company.sign_in_policy.code_from
    except ObjectDoesNotExist:
        return None
