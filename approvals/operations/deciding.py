"""Decide: review, release, return, reject. Read, judge, lock, write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from approvals.errors import (
    DeadlinePassed,
    NotForYou,
    ReasonMissing,
    StaleRevision,
    WrongState,
)
from approvals.models import Decision, Request
from approvals.operations.telling import tell
from approvals.permissions import permission_of
from approvals.policies.resolver import (
    Person,
    Reason,
    StageView,
    Taken,
    group_for,
    resolve,
)
from approvals.policies.statements import decision_text, previous_digest
from approvals.queries.cases import Submitted, people, read_person, read_submitted
from approvals.queries.codes import check_code
from approvals.queries.planning import with_cards
from approvals.states import Act, RequestState
from audit import operations as audit
from certificates import operations as certificates
from certificates.formats.statements import PolicyReference, RequestReference, Step
from certificates.policies import StatementFields
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form, hold_standing, home_chain
from identity.permissions import check
from identity.queries import earlier_outcome
from kernel.canonical import plain_text
from kernel.errors import DomainError

EVENTS = {
    Act.REVIEW: "approvals.request.reviewed",
    Act.RELEASE: "approvals.request.released",
    Act.RETURN: "approvals.request.returned",
    Act.REJECT: "approvals.request.rejected",
}


@dataclass(frozen=True, slots=True)
class Signed:
    """Carry what came back from the card: which statement, the signature (DER), when it was made.

    `audience` is the origin of the site it was sent to, such as `https://bank.example`.
    """

    sign_request_id: str
    signature: bytes
    signing_time: datetime
    session_key_sha256: str
    audience: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold what a decision was judged by: the request, its stage, the person and their grants."""

    submitted: Submitted
    stage: StageView
    person: Person
    grant_ids: frozenset[int]


def prepare_decision(
    *,
    actor: User,
    reference: str,
    act: Act,
    revision: int,
    reason: str,
    session_key_sha256: str,
    audience: str,
    now: datetime,
) -> certificates.SignRequestFacts:
    """Keep the statement of a decision as the actor sees it, for signing (SIGN-1).

    `revision` is the number the page showed: nobody signs a later one unseen. Valid for five
    minutes, for this person, session, revision and stage. Reads, and opens the certificates' door.
    Raises RequestNotFound, WrongState, NotForYou, ReasonMissing, StaleRevision.
    """
    reason = _clean_reason(act, reason)
    judged = judge(act, actor, reference, now)
    if judged.submitted.revision.number != revision:
        raise StaleRevision()
    content = judged.submitted.revision.content
    lines = [(line.label, line.text) for line in judged.submitted.kind.lines(content)]
    text = decision_text(reference, act, lines, reason)
    fields = _statement(act, judged, reason, audience=audience, text=text)
    return certificates.prepare_signature(
        actor=actor, session_key_sha256=session_key_sha256, fields=fields, now=now
    )


def review(*, actor: User, reference: str, signed: Signed, form_key: str, now: datetime) -> str:
    """Agree at a reviewing stage with a signature and return the reference (FLOW-1, SIGN-2).

    Raises RequestNotFound, WrongState, StaleRevision, NotForYou and what the signature's check
    refuses. A second sending of the same form returns what the first led to (TRF-8).
    """
    return _decide(Act.REVIEW, actor, reference, "", signed, form_key, now)


def release(*, actor: User, reference: str, signed: Signed, form_key: str, now: datetime) -> str:
    """Agree at the releasing stage; the last releaser's signature executes the subject (TRF-3).

    Raises as `review` does, and what the subject's execution refuses: then nothing has happened
    and the request stays where it was (TRF-6).
    """
    return _decide(Act.RELEASE, actor, reference, "", signed, form_key, now)


def return_(
    *, actor: User, reference: str, reason: str, signed: Signed, form_key: str, now: datetime
) -> str:
    """Give a request back for repair, with a signed reason (DUAL-4). Raises as `review` does."""
    return _decide(Act.RETURN, actor, reference, reason, signed, form_key, now)


def reject(
    *, actor: User, reference: str, reason: str, signed: Signed, form_key: str, now: datetime
) -> str:
    """Refuse a request for good, with a signed reason (DUAL-4). Raises as `review` does."""
    return _decide(Act.REJECT, actor, reference, reason, signed, form_key, now)


@transaction.atomic(durable=True)
def _decide(
    act: Act,
    actor: User,
    reference: str,
    reason: str,
    signed: Signed,
    form_key: str,
    now: datetime,
) -> str:
    # Read and judge: nothing is locked while the rules and the signature are looked at. Then lock,
    # in the house's order, and insist that what was judged still stands.
    try:
        reason = _clean_reason(act, reason)
        judged = judge(act, actor, reference, now)
        coded = act == Act.RELEASE and check_code(
            actor, judged.submitted.request, judged.submitted.revision, now=now
        )
        signature: dict[str, Any] = {
            "actor_id": actor.pk,
            "session_key_sha256": signed.session_key_sha256,
            "sign_request_id": signed.sign_request_id,
            "expected": _statement(act, judged, reason, audience=signed.audience, text=None),
            "signature_der": signed.signature,
            "signing_time": signed.signing_time,
            "now": now,
        }
        verified = certificates.verify_signature(**signature)
        _lock_request(judged)
    except DomainError:
        # A second sending of the same form meets what the first one changed: it gets its answer.
        earlier = earlier_outcome(actor=actor, key=form_name(act, reference, form_key))
        if earlier:
            return earlier
        raise
    if claim_form(actor=actor, key=form_name(act, reference, form_key), outcome=reference, now=now):
        return reference
    hold_standing(actor=actor, grant_ids=judged.grant_ids)
    # Write: signature, decision, what it leads to, who is told; the audit head last.
    submitted = judged.submitted
    accepted = certificates.accept_signature(
        **signature,
        function=submitted.request.kind,
        amount=submitted.money,
        verified=verified,
    )
    decision = Decision(
        revision=submitted.revision,
        stage_id=submitted.stage(judged.stage.spec.number).pk,
        user=actor,
        act=act,
        group=_place(judged, now),
        reason=reason,
        signature_id=accepted.id,
        decided_at=now,
    )
    decision.save(force_insert=True)
    told = _move(act, judged, decision, now)
    _tell_and_record(act, actor, judged, decision, accepted, told, now, coded=coded)
    return reference


def _place(judged: Judged, now: datetime) -> str:
    """Return whose group's place the actor takes; colleagues are read only for a choice."""
    stage, submitted = judged.stage, judged.submitted
    if len(stage.open_groups) > 1:
        everyone = people(
            submitted.request.home, submitted.kind, submitted.revision.content,
            submitted.money, now=now,
        )  # fmt: skip
        stage = resolve(submitted.case, everyone).current or stage
    return group_for(stage, judged.person)


def _tell_and_record(
    act: Act,
    actor: User,
    judged: Judged,
    decision: Decision,
    accepted: certificates.SignatureFacts,
    told: list[int],
    now: datetime,
    *,
    coded: bool,
) -> None:
    submitted = judged.submitted
    request, revision = submitted.request, submitted.revision
    event = EVENTS[act]
    if act == Act.RELEASE and request.state == RequestState.PENDING:
        event = "approvals.request.release_signed"  # other releasers of the stage are missing
    tell(
        event, request=request, user_ids=told, actor=actor, now=now, content=revision.content,
        cause=f"{request.reference}/{revision.number}/{decision.pk}", reason=decision.reason,
    )  # fmt: skip
    audit.record(
        chain=home_chain(actor), event=event, actor=actor.public_id,
        target=f"request:{request.reference}", now=now, reason=decision.reason,
        after={
            "revision": str(revision.number),
            "sha256": revision.sha256,
            "stage": str(judged.stage.spec.number),
            "state": str(request.state),
            "signature": accepted.cms_sha256,
            **({"code": "verified"} if coded else {}),
        },
    )  # fmt: skip


def judge(act: Act, actor: User, reference: str, now: datetime) -> Judged:
    """Read a request and insist that the actor may do this to it now."""
    check(actor, permission_of(act))
    submitted = read_submitted(actor, reference)
    if submitted.request.state != RequestState.PENDING:
        raise WrongState(state=submitted.request.state)
    person, grant_ids = read_person(actor, submitted, now=now)
    resolution = resolve(submitted.case, (person,))
    reasons = resolution.reasons(act, actor.pk)
    if reasons or resolution.current is None:
        raise NotForYou(reasons or (Reason.NOT_PENDING,))
    if act in (Act.REVIEW, Act.RELEASE) and submitted.request.deadline < now:
        raise DeadlinePassed()
    return Judged(submitted, resolution.current, person, grant_ids)


def _lock_request(judged: Judged) -> None:
    """Lock the request and insist that revision, stage and state are those judged."""
    request = judged.submitted.request
    still = (
        Request.objects.select_for_update(of=("self",))
        .filter(pk=request.pk)
        .values_list("state", "revision_number", "stage_number", "changed_at")
        .get()
    )
    seen = (request.state, request.revision_number, request.stage_number, request.changed_at)
    if still[0] != request.state:
        raise WrongState(state=still[0])
    if still != seen:
        raise StaleRevision()


def _clean_reason(act: Act, reason: str) -> str:
    text = plain_text(" ".join(reason.split()), field="reason")
    if act in (Act.RETURN, Act.REJECT) and not text:
        raise ReasonMissing()
    return text if act in (Act.RETURN, Act.REJECT) else ""


def _statement(
    act: Act, judged: Judged, reason: str, *, audience: str, text: str | None
) -> StatementFields:
    """Return what a signature of this act, revision and stage covers (SIGN-1, SIGN-2)."""
    submitted, spec = judged.submitted, judged.stage.spec
    revision, request = submitted.revision, submitted.request
    facts = submitted.kind.statement(revision.content)
    if reason:
        facts["reason"] = reason
    before = [row for row in submitted.stages if row.spec.number == spec.number - 1]
    return StatementFields(
        action=act,
        audience=audience,
        text=text,
        facts=facts,
        request=RequestReference(request.reference, revision.number, revision.sha256),
        step=Step(spec.number, len(submitted.stages), f"{spec.role}.{spec.level}"),
        policy=PolicyReference(request.owner_code, revision.policy_id),
        prev=previous_digest([digest for row in before for digest in row.signatures]),
    )


def _move(act: Act, judged: Judged, decision: Decision, now: datetime) -> list[int]:
    """Move the request on after a decision and return who is to be told."""
    request, submitted = judged.submitted.request, judged.submitted
    told: list[int] = []
    if act in (Act.RETURN, Act.REJECT):
        submitted.kind.abandon(key=request.hold_key, now=now)
        (request.return_ if act == Act.RETURN else request.reject)()
        told = [request.maker_id]
    elif judged.stage.missing == 1:
        told = _complete_stage(judged, decision, now)
    # Always later than before: whoever judged the request earlier sees that it has moved.
    request.changed_at = max(now, request.changed_at + timedelta(microseconds=1))
    request.save(
        update_fields=[
            "state", "stage_number", "stage_act", "stage_role", "stage_level", "changed_at"
        ]
    )  # fmt: skip
    return told


def _complete_stage(judged: Judged, decision: Decision, now: datetime) -> list[int]:
    request, submitted = judged.submitted.request, judged.submitted
    following = [s for s in submitted.stages if s.spec.number > judged.stage.spec.number]
    if not following:
        submitted.kind.execute(
            reference=request.reference,
            key=request.hold_key,
            maker=request.maker,
            checker=decision.user,
            content=submitted.revision.content,
            now=now,
        )
        request.release()
        return [request.maker_id, decision.user_id]
    spec = following[0].spec
    request.review()
    request.stage_number, request.stage_act = spec.number, spec.act
    request.stage_role, request.stage_level = spec.role, spec.level
    return [person.user_id for person in _next_people(submitted, decision, now)]


def _next_people(submitted: Submitted, decision: Decision, now: datetime) -> tuple[Person, ...]:
    """Return who may act at the stage that the decision has opened."""
    spec = next(row.spec for row in submitted.stages if row.pk == decision.stage_id)
    case = submitted.case
    taken = (*case.taken, Taken(decision.user_id, spec.number, decision.act, decision.group))
    moved = replace(case, taken=taken)
    everyone = people(
        submitted.request.home, submitted.kind, submitted.revision.content,
        submitted.money, now=now,
    )  # fmt: skip
    resolution = resolve(moved, with_cards(everyone))
    return resolution.current.eligible if resolution.current else ()
