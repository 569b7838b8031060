"""Submit: freeze a revision, choose the flow, reserve, ask the first stage. One door."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from approvals.errors import NotForYou, OwnStanding, WrongState
from approvals.kinds import Kind, SubjectFacts, audited, concerned_by, kind_of
from approvals.models import PolicySnapshot, Request, Revision, Stage
from approvals.operations.drafting import columns, lock_request, note_editor, refuse_decider
from approvals.operations.telling import tell
from approvals.permissions import Permission, check_make
from approvals.policies.resolver import Reason
from approvals.policies.rules import Rule, snapshot, snapshot_sha256
from approvals.queries.planning import plan
from approvals.states import EDITABLE, Act
from audit import operations as audit
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form, home_chain
from identity.permissions import check
from kernel.canonical import canonical_bytes, sha256_hex


@transaction.atomic(durable=True)
def submit(*, actor: User, reference: str, form_key: str, now: datetime) -> str:
    """Submit a draft or repaired request and return its reference (DUAL-3, FLOW-1, LIM-2, TRF-8).

    The revision is frozen with the SHA-256 of its canonical bytes and the policy in force;
    limits and funds are reserved; the first stage is told. Raises RequestNotFound,
    PermissionMissing, WrongState, NotForYou, NoFlow, AmbiguousFlow, NobodyCanAct, and whatever
    the kind says binds.
    """
    check(actor, Permission.SUBMIT)
    request = lock_request(actor, reference, now)
    kind = kind_of(request.kind)
    check_make(actor, kind)
    if claim_form(
        actor=actor, key=form_name(Act.SUBMIT, reference, form_key), outcome=reference, now=now
    ):
        return reference
    if request.state not in EDITABLE:
        raise WrongState(state=request.state)
    facts = kind.facts(request.subject_id)
    _check_entry(kind, facts, actor, now)
    refuse_decider(request, actor)
    note_editor(request, actor, now)
    editors = frozenset(request.editors.values_list("user_id", flat=True))
    chosen = plan(home=request.home, kind=kind, facts=facts, editors=editors, now=now)
    revision = _freeze(request, facts, chosen.rule, actor, now)
    _ask_first_stage(request, revision, facts, now)
    kind.hold(key=request.hold_key, home=request.home, content=facts.content, now=now)
    tell(
        "approvals.request.submitted",
        request=request,
        cause=f"{reference}/{revision.number}",
        user_ids=[p.user_id for p in chosen.expected.stages[0].eligible],
        actor=actor,
        now=now,
        content=facts.content,
    )
    audit.record(
        chain=home_chain(actor), event="approvals.request.submitted", actor=actor.public_id,
        target=f"request:{reference}", now=now,
        after={
            "revision": str(revision.number), "sha256": revision.sha256,
            "policy": revision.policy_id, "flow": chosen.rule.flow_code,
            **audited(kind, facts.content),
        },
    )  # fmt: skip
    return reference


def _check_entry(kind: Kind, facts: SubjectFacts, actor: User, now: datetime) -> None:
    """Insist that the actor may enter this on the account, within their own limit (LIM-1).

    Nobody enters a change to their own standing (DEL-6).
    """
    if concerned_by(kind, facts.content) == actor.public_id:
        raise OwnStanding()
    function = kind.functions[Act.SUBMIT]
    held = kind.headroom([actor.pk], facts.content, now=now).get(actor.pk, {})
    if function not in held:
        raise NotForYou((Reason.NO_ACCOUNT_RIGHT,))
    if not held[function]:
        raise NotForYou((Reason.OVER_OWN_LIMIT,))


def _freeze(
    request: Request, facts: SubjectFacts, rule: Rule, actor: User, now: datetime
) -> Revision:
    content = snapshot(request.owner_code, rule)
    digest = snapshot_sha256(content)
    PolicySnapshot.objects.bulk_create(
        [PolicySnapshot(sha256=digest, content=content)], ignore_conflicts=True
    )
    frozen = dict(facts.content)
    revision = Revision.objects.create(
        request=request, number=request.revision_number + 1, content=frozen,
        sha256=sha256_hex(canonical_bytes(frozen)), policy_id=digest, submitted_by=actor,
        submitted_at=now,
    )  # fmt: skip
    Stage.objects.bulk_create(
        Stage(
            revision=revision, number=spec.number, act=spec.act, role=spec.role,
            level=spec.level, needed=spec.needed, groups=list(spec.groups),
        )
        for spec in rule.stages
    )  # fmt: skip
    first = rule.stages[0]
    request.stage_number, request.stage_act = first.number, first.act
    request.stage_role, request.stage_level = first.role, first.level
    return revision


def _ask_first_stage(
    request: Request, revision: Revision, facts: SubjectFacts, now: datetime
) -> None:
    request.submit()
    request.revision_number = revision.number
    for name, value in columns(facts).items():
        setattr(request, name, value)
    request.changed_at = now
    request.save(
        update_fields=[
            "state", "revision_number", "stage_number", "stage_act", "stage_role", "stage_level",
            "title", "deadline", "amount", "currency", "account", "changed_at",
        ]
    )  # fmt: skip
