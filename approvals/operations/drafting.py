"""Make, edit and delete drafts; steps for the apps whose subjects are edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from approvals.errors import NotForYou, RequestNotFound, WrongState
from approvals.kinds import Kind, SubjectFacts, audited, kind_of
from approvals.models import Decision, Editor, Request
from approvals.permissions import Permission, check_make
from approvals.policies.resolver import Reason
from approvals.queries.cases import visible_to
from approvals.states import EDITABLE, Act, RequestState
from audit import operations as audit
from identity import queries as identity
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form, home_chain
from identity.permissions import check
from kernel import ids
from kernel.clock import business_date


def next_reference(kind: Kind, now: datetime) -> str:
    """Return a fresh reference such as T20261122-48213907: letter, date, scattered number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('approvals_reference')")
        (number,) = cursor.fetchone()
    return f"{kind.letter}{business_date(now):%Y%m%d}-{ids.scatter(number)}"


def open_request(
    *,
    kind: Kind,
    reference: str,
    subject_id: int,
    facts: SubjectFacts,
    actor: User,
    now: datetime,
    subject_key: str = "",
) -> Request:
    """Open a draft about a subject that its app has just written; a step (DUAL-1).

    It belongs to the actor's company or unit. `subject_key` names what would change where that
    is not the subject itself.
    """
    audit.require_transaction()
    request = Request.objects.create(
        reference=reference, company=actor.company, unit=actor.unit, kind=kind.code,
        subject_id=subject_id, subject_key=subject_key or f"{kind.code}:{subject_id}",
        maker=actor, created_at=now, changed_at=now, **columns(facts),
    )  # fmt: skip
    Editor.objects.create(request=request, user=actor, since=now)
    _record(request, "approvals.request.drafted", actor, now, after=audited(kind, facts.content))
    return request


def columns(facts: SubjectFacts) -> dict[str, Any]:
    """Return what a request's row repeats of its subject, for lists and rules."""
    return {
        "title": facts.title,
        "amount": facts.money.amount if facts.money else None,
        "currency": facts.money.currency if facts.money else "",
        "account_id": facts.account_id,
        "deadline": facts.deadline,
    }


def lock_editable(*, actor: User, reference: str, now: datetime) -> Request:
    """Lock a request of the actor's company or unit that may be edited now; a step.

    Raises RequestNotFound, WrongState, or NotForYou for somebody who decided on it.
    """
    request = lock_request(actor, reference, now)
    if request.state not in EDITABLE:
        raise WrongState(state=request.state)
    refuse_decider(request, actor)
    return request


def refuse_decider(request: Request, actor: User) -> None:
    """Insist that the actor never decided on a request (DUAL-2). Raises NotForYou."""
    if Decision.objects.filter(revision__request=request, user=actor).exists():
        raise NotForYou((Reason.ALREADY_ACTED,))


def note_editor(request: Request, actor: User, now: datetime) -> None:
    """Note who made, edited or submitted a request: such a person never decides on it (DUAL-2)."""
    Editor.objects.bulk_create(
        [Editor(request=request, user=actor, since=now)], ignore_conflicts=True
    )


def edit_request(
    *,
    request: Request,
    facts: SubjectFacts,
    before: dict[str, str],
    actor: User,
    now: datetime,
) -> None:
    """Note an edit of a locked request's subject; a step. Editors never decide (DUAL-2)."""
    audit.require_transaction()
    note_editor(request, actor, now)
    Request.objects.filter(pk=request.pk).update(changed_at=now, **columns(facts))
    kind = kind_of(request.kind)
    _record(
        request, "approvals.request.edited", actor, now,
        before=audited(kind, before), after=audited(kind, facts.content),
    )  # fmt: skip


@transaction.atomic(durable=True)
def delete(*, actor: User, reference: str, form_key: str, now: datetime) -> str:
    """Drop a draft that was never submitted; only who made or edited it may (DUAL-1, TRF-8).

    Raises RequestNotFound, PermissionMissing, WrongState, NotForYou.
    """
    check(actor, Permission.SUBMIT)
    request = lock_request(actor, reference, now)
    check_make(actor, kind_of(request.kind))
    if claim_form(
        actor=actor, key=form_name(Act.DELETE, reference, form_key), outcome=reference, now=now
    ):
        return reference
    if request.state != RequestState.DRAFT:
        raise WrongState(state=request.state)
    if not request.editors.filter(user=actor).exists():
        raise NotForYou((Reason.WRONG_ROLE,))
    request.delete_draft()
    request.changed_at = now
    request.save(update_fields=["state", "changed_at"])
    _record(request, f"approvals.request.{Act.DELETE}d", actor, now)
    return reference


def lock_request(actor: User, reference: str, now: datetime) -> Request:
    """Lock a request of the actor's own company or unit; first in the lock order (DUAL-1).

    The head office reads every branch's requests and makes none of them its own. Raises
    RequestNotFound.
    """
    request = (
        visible_to(actor, now=now)
        .filter(identity.at_home(actor.home))
        .select_for_update(of=("self",))
        .select_related("company", "unit")
        .filter(reference=reference)
        .first()
    )
    if request is None:
        raise RequestNotFound()
    return request


def _record(
    request: Request,
    event: str,
    actor: User,
    now: datetime,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    audit.record(
        chain=home_chain(actor), event=event, actor=actor.public_id,
        target=f"request:{request.reference}", now=now, before=before, after=after,
    )  # fmt: skip
