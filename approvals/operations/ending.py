"""End requests without a decision: withdrawn by their makers, or expired."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from approvals.errors import NotForYou, WrongState
from approvals.kinds import kind_of
from approvals.models import Request
from approvals.operations.drafting import lock_request
from approvals.operations.telling import tell
from approvals.permissions import Permission, check_make
from approvals.policies.resolver import Reason, allowed_by_state
from approvals.states import Act, RequestState
from audit import operations as audit
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form, home_chain
from identity.permissions import check


@transaction.atomic(durable=True)
def withdraw(*, actor: User, reference: str, form_key: str, now: datetime) -> str:
    """Take back a pending or returned request; only who made or edited it may (DUAL-1).

    Everything held is freed. Raises RequestNotFound, PermissionMissing, WrongState, NotForYou.
    """
    check(actor, Permission.WITHDRAW)
    request = lock_request(actor, reference, now)
    check_make(actor, kind_of(request.kind))
    if claim_form(
        actor=actor, key=form_name(Act.WITHDRAW, reference, form_key), outcome=reference, now=now
    ):
        return reference
    if not allowed_by_state(Act.WITHDRAW, RequestState(request.state)):
        raise WrongState(state=request.state)
    if not request.editors.filter(user=actor).exists():
        raise NotForYou((Reason.WRONG_ROLE,))
    _end(request, Act.WITHDRAW, now)
    revision = request.revisions.get(number=request.revision_number)
    tell(
        "approvals.request.withdrawn", request=request, cause=f"{reference}/{revision.number}",
        user_ids=list(revision.decisions.values_list("user_id", flat=True)), actor=actor,
        now=now, content=revision.content,
    )  # fmt: skip
    _record(request, "approvals.request.withdrawn", home_chain(actor), actor.public_id, now)
    return reference


@transaction.atomic(durable=True)
def expire(*, request_id: int, now: datetime) -> bool:
    """End a request whose deadline has passed; tell whether it was still open (FLOW-7)."""
    request = (
        Request.objects.select_for_update(of=("self",))
        .select_related("company", "unit")
        .get(pk=request_id)
    )
    open_still = allowed_by_state(Act.EXPIRE, RequestState(request.state))
    if not open_still or request.deadline >= now:
        return False
    _end(request, Act.EXPIRE, now)
    _record(request, "approvals.request.expired", request.chain, "system", now)
    return True


def _end(request: Request, act: Act, now: datetime) -> None:
    if request.state == RequestState.PENDING:
        kind_of(request.kind).abandon(key=request.hold_key, now=now)
    {Act.WITHDRAW: request.withdraw, Act.EXPIRE: request.expire}[act]()
    request.changed_at = now
    request.save(update_fields=["state", "changed_at"])


def _record(request: Request, event: str, chain: str, actor: str, now: datetime) -> None:
    audit.record(
        chain=chain, event=event, actor=actor, target=f"request:{request.reference}", now=now,
        after={"state": str(request.state), "revision": str(request.revision_number)},
    )  # fmt: skip
