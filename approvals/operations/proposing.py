"""Propose a change and edit the proposal; the checker's release makes it (DUAL-1, DUAL-5)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction

from approvals.errors import AlreadyProposed, OwnStanding, RequestNotFound, SubjectElsewhere
from approvals.kinds import Change, kind_of
from approvals.models import Proposal
from approvals.operations.drafting import (
    edit_request,
    lock_editable,
    next_reference,
    open_request,
)
from approvals.queries.proposals import open_request_on
from audit import operations as audit
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form
from identity.permissions import check
from kernel.canonical import plain_text

PROPOSAL_LIFETIME: Final = timedelta(days=14)


@transaction.atomic(durable=True)
def propose(
    *,
    actor: User,
    kind: str,
    subject_key: str,
    content: Mapping[str, str],
    form_key: str,
    now: datetime,
) -> str:
    """Draft a proposed change and return its reference (DUAL-1, TRF-8).

    It can be decided on for fourteen days. Raises PermissionMissing, SubjectElsewhere for what is
    another unit's, AlreadyProposed where a change to the same subject is open, and what the kind
    says is wrong with it.
    """
    reference = next_reference(kind_of(kind), now)
    key = form_name("propose", subject_key, form_key)
    earlier = claim_form(actor=actor, key=key, outcome=reference, now=now)
    if earlier:
        return earlier
    return propose_step(
        actor=actor, kind=kind, subject_key=subject_key, content=content, reference=reference,
        now=now,
    )  # fmt: skip


def propose_step(
    *,
    actor: User,
    kind: str,
    subject_key: str,
    content: Mapping[str, str],
    reference: str,
    now: datetime,
) -> str:
    """Draft a proposed change as part of a larger act; `reference` is a fresh one."""
    audit.require_transaction()
    change = _change(kind)
    check(actor, change.permission)
    text = _clean(content)
    _check_reach(change, text, actor)
    change.check(text, now=now)
    if open_request_on(subject_key):
        raise AlreadyProposed(reference=open_request_on(subject_key))
    proposal = Proposal.objects.create(
        kind=kind, subject_key=subject_key, content=text, expires_at=now + PROPOSAL_LIFETIME
    )
    try:
        with transaction.atomic():
            open_request(
                kind=change, reference=reference, subject_id=proposal.pk, subject_key=subject_key,
                facts=change.facts(proposal.pk), actor=actor, now=now,
            )  # fmt: skip
    except IntegrityError as error:  # somebody else proposed at the same instant
        if "approvals_request_one_open" not in str(error):
            raise
        raise AlreadyProposed(reference="") from error
    return reference


@transaction.atomic(durable=True)
def amend(
    *, actor: User, reference: str, content: Mapping[str, str], form_key: str, now: datetime
) -> str:
    """Edit a proposal that is a draft or was returned, and return its reference (DUAL-3).

    Raises RequestNotFound, WrongState, NotForYou, PermissionMissing and what the kind says.
    """
    request = lock_editable(actor=actor, reference=reference, now=now)
    change = _change(request.kind)
    check(actor, change.permission)
    key = form_name("amend", reference, form_key)
    if claim_form(actor=actor, key=key, outcome=reference, now=now):
        return reference
    text = _clean(content)
    _check_reach(change, text, actor)
    change.check(text, now=now)
    proposal = Proposal.objects.select_for_update().get(pk=request.subject_id)
    before = dict(proposal.content)
    proposal.content, proposal.expires_at = text, now + PROPOSAL_LIFETIME
    proposal.save()
    edit_request(
        request=request, facts=change.facts(proposal.pk), before=before, actor=actor, now=now
    )
    return reference


def _change(kind: str) -> Change:
    found = kind_of(kind)
    if not isinstance(found, Change):
        raise RequestNotFound()
    return found


def _check_reach(change: Change, content: Mapping[str, str], actor: User) -> None:
    """Insist that what would change is the actor's home's to change, and not their own standing.

    Raises SubjectElsewhere, OwnStanding.
    """
    if change.unit_of(content) not in (None, actor.unit_id):
        raise SubjectElsewhere()
    if change.company_of(content) not in (None, actor.company_id):
        raise SubjectElsewhere()
    if change.concerned(content) == actor.public_id:
        raise OwnStanding()


def _clean(content: Mapping[str, str]) -> dict[str, str]:
    """Insist on text that can be signed; refused beside the field of the same name."""
    return {name: plain_text(value, field=name) for name, value in content.items()}
