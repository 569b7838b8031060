"""What is proposed, and does a change to this wait already?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from approvals.models import Proposal, Request
from approvals.queries.cases import visible_request
from approvals.states import OPEN
from identity.models import User


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """Carry a proposed change as it stands."""

    content: dict[str, str]
    expires_at: datetime


def proposal_of(subject_id: int) -> ProposalFacts:
    """Return a proposal by its row."""
    row = Proposal.objects.get(pk=subject_id)
    return ProposalFacts(dict(row.content), row.expires_at)


def content_of(actor: User, reference: str, *, now: datetime) -> dict[str, str]:
    """Return what a request the actor may see proposes, for editing. Raises RequestNotFound."""
    request = visible_request(actor, reference, now=now)
    return proposal_of(request.subject_id).content


def kind_and_content(actor: User, reference: str, *, now: datetime) -> tuple[str, dict[str, str]]:
    """Return which kind of change a request proposes, and what. Raises RequestNotFound."""
    request = visible_request(actor, reference, now=now)
    return request.kind, proposal_of(request.subject_id).content


def open_request_on(subject_key: str) -> str:
    """Return the reference of the open request on a subject, or empty text (DUAL-5)."""
    rows = Request.objects.filter(subject_key=subject_key, state__in=OPEN)
    return rows.values_list("reference", flat=True).first() or ""


def open_requests_on(subject_keys: list[str]) -> dict[str, str]:
    """Return the references of the open requests on these subjects, by subject; one query."""
    rows = Request.objects.filter(subject_key__in=subject_keys, state__in=OPEN)
    return dict(rows.values_list("subject_key", "reference"))
