"""What a person sees of one request: facts, path, who may act and why not, history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from approvals.errors import NobodyCanAct
from approvals.kinds import Kind, Line, concerned_by, kind_of
from approvals.models import Decision, Request, Revision
from approvals.policies.resolver import Case, Resolution, resolve
from approvals.policies.rules import Rule
from approvals.queries import words
from approvals.queries.cases import people, stage_rows, visible_request
from approvals.queries.codes import CodeState, asks_for_code, code_state, subject_of
from approvals.queries.planning import plan, with_cards
from approvals.queries.timeline import Entry, timeline
from approvals.states import EDITABLE, FINAL, Act, RequestState
from certificates import queries as certificates
from certificates.formats.statements import short_code
from identity.models import User
from identity.policies import Home
from kernel.errors import RuleBroken
from kernel.money import Money
from kernel.numerals import capital_numerals

SOON = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Named:
    """Name a person on a page."""

    name: str
    you: bool


@dataclass(frozen=True, slots=True)
class Step:
    """Show one step of the path: who did it, or who may."""

    label: str
    status: str
    people: list[Named] = field(default_factory=list)
    people_note: str = ""
    at: datetime | None = None
    signed: bool = False
    short_code: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """Answer 'who can release this?': who may act, and each other person's reason (FLOW-4)."""

    may: Sequence[Mapping[str, object]]
    may_not: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class RequestPage:
    """Carry everything the decision page shows, apart from forms and addresses."""

    reference: str
    home: Home
    kind_code: str
    kind_label: str
    state: RequestState
    state_label: str
    tone: str
    revision: int
    title: str
    amount: Money | None
    amount_words: str
    lines: list[Line]
    deadline: datetime
    deadline_soon: bool
    path: list[Step]
    stages_left: int
    flow_name: str
    flow_reasons: list[str]
    flow_version: str
    who: Who | None
    history: list[Entry]
    acts: dict[str, tuple[str, ...]]
    stage_act: str
    short_code: str
    code: CodeState | None
    content: Mapping[str, str]
    is_decided: bool
    is_editor: bool
    problem: str
    last_reason: str
    outcome: str

    @property
    def editable(self) -> bool:
        """Tell whether the subject may be edited in this state."""
        return self.state in EDITABLE


@dataclass(frozen=True, slots=True)
class _Picture:
    """Gather what a page is drawn from, for a draft or a submitted revision alike."""

    rule: Rule | None
    resolution: Resolution | None
    expected: Resolution | None
    content: Mapping[str, str]
    sha256: str
    policy: str
    problem: str = ""


def request_page(actor: User, reference: str, *, now: datetime) -> RequestPage:
    """Return the decision page of a request the actor may see. Raises RequestNotFound."""
    request = visible_request(actor, reference, now=now)
    kind = kind_of(request.kind)
    editors = frozenset(request.editors.values_list("user_id", flat=True))
    revision = (
        Revision.objects.filter(request=request, number=request.revision_number)
        .select_related("policy", "submitted_by")
        .first()
    )
    if request.state in EDITABLE or revision is None:
        picture = _draft_picture(request, kind, editors, actor, now)
    else:
        picture = _submitted_picture(request, revision, kind, editors, now)
    return _page(request, kind, revision, picture, editors, actor, now)


def _draft_picture(
    request: Request, kind: Kind, editors: frozenset[int], actor: User, now: datetime
) -> _Picture:
    try:
        facts = kind.facts(request.subject_id)
    except RuleBroken as broken:
        content = kind.content(request.subject_id)
        return _Picture(None, None, None, content, "", "", problem=str(broken))
    try:
        chosen = plan(
            home=request.home,
            kind=kind,
            facts=facts,
            editors=editors | {actor.pk},
            now=now,
        )
    except (RuleBroken, NobodyCanAct) as broken:
        return _Picture(None, None, None, facts.content, "", "", problem=str(broken))
    return _Picture(chosen.rule, chosen.resolution, chosen.expected, facts.content, "", "")


def _submitted_picture(
    request: Request, revision: Revision, kind: Kind, editors: frozenset[int], now: datetime
) -> _Picture:
    rows = stage_rows(revision.pk)
    case = Case(
        state=RequestState(request.state),
        editors=editors,
        stages=tuple(row.spec for row in rows),
        taken=tuple(taken for row in rows for taken in row.taken),
        functions=kind.functions,
        concerned=concerned_by(kind, revision.content),
    )
    everyone = people(request.home, kind, revision.content, request.money, now=now)
    rule = words.rule_of_snapshot(revision.policy.content)
    return _Picture(
        rule,
        resolve(case, everyone),
        resolve(case, with_cards(everyone)),
        revision.content,
        revision.sha256,
        revision.policy_id,
    )


def _page(
    request: Request,
    kind: Kind,
    revision: Revision | None,
    picture: _Picture,
    editors: frozenset[int],
    actor: User,
    now: datetime,
) -> RequestPage:
    state = RequestState(request.state)
    label, tone = words.STATES[state]
    money = request.money.quantised() if request.money else None
    decisions = _decisions(revision)
    signatures = certificates.signatures_of(request.reference) if decisions else []
    resolution = picture.resolution
    current = resolution.current if resolution and state == RequestState.PENDING else None
    history = timeline(request, decisions, signatures)
    return RequestPage(
        reference=request.reference,
        home=request.home,
        kind_code=request.kind,
        kind_label=str(kind.name),
        state=state,
        state_label=str(label),
        tone=tone,
        revision=request.revision_number,
        title=request.title,
        amount=money,
        amount_words=capital_numerals(money) if money else "",
        lines=kind.lines(picture.content),
        deadline=request.deadline,
        deadline_soon=request.deadline - now < SOON,
        path=_path(request, picture, decisions, signatures, actor),
        stages_left=sum(not s.complete for s in resolution.stages) if current and resolution else 0,
        flow_name=picture.rule.flow_name if picture.rule else "",
        flow_reasons=words.rule_reasons(picture.rule, money) if picture.rule else [],
        flow_version=picture.policy[:12],
        who=_who(resolution, actor) if current and resolution else None,
        history=history,
        acts=_acts(resolution, actor, state),
        stage_act=current.spec.act if current else "",
        short_code=short_code(bytes.fromhex(picture.sha256)) if picture.sha256 else "",
        code=_code(request, revision, picture, actor, now) if current else None,
        content=picture.content,
        is_decided=state in FINAL,
        is_editor=actor.pk in editors,
        problem=picture.problem,
        outcome=kind.outcome(picture.content) if state == RequestState.RELEASED else "",
        last_reason=next((entry.reason for entry in reversed(history) if entry.reason), ""),
    )


def _code(
    request: Request, revision: Revision | None, picture: _Picture, actor: User, now: datetime
) -> CodeState | None:
    """Return how far the actor's verification code has come, where the policy asks for one."""
    resolution = picture.resolution
    releases = resolution is not None and not resolution.reasons(Act.RELEASE, actor.pk)
    if revision is None or not releases or not asks_for_code(request):
        return None
    return code_state(actor.pk, subject_of(request, revision), now=now)


def _decisions(revision: Revision | None) -> Sequence[Decision]:
    if revision is None:
        return ()
    return list(
        Decision.objects.filter(revision__request_id=revision.request_id)
        .select_related("user", "stage", "revision")
        .order_by("pk")
    )


def _acts(
    resolution: Resolution | None, actor: User, state: RequestState
) -> dict[str, tuple[str, ...]]:
    """Return for each decision why the actor may not take it; empty means that they may."""
    if resolution is None or state != RequestState.PENDING:
        return {}
    answers = {
        act: resolution.reasons(act, actor.pk)
        for act in (Act.REVIEW, Act.RELEASE, Act.RETURN, Act.REJECT)
    }
    return {
        act: tuple(str(words.REASONS[reason]) for reason in reasons)
        for act, reasons in answers.items()
    }


def _path(
    request: Request,
    picture: _Picture,
    decisions: Sequence[Decision],
    signatures: Sequence[certificates.AcceptedSignature],
    actor: User,
) -> list[Step]:
    made = Step(
        label=_("Edit"),
        status="current" if request.state in EDITABLE else "done",
        people=[Named(request.maker.display_name, request.maker_id == actor.pk)],
        at=request.created_at,
    )
    steps = [made]
    resolution = picture.resolution
    if resolution is None or picture.expected is None:
        return steps
    mine = [d for d in decisions if d.revision.number == request.revision_number]
    stopped = request.state in (
        RequestState.REJECTED, RequestState.WITHDRAWN, RequestState.EXPIRED
    )  # fmt: skip
    codes = {signature.id: signature.short_code for signature in signatures}
    for stage, expected in zip(resolution.stages, picture.expected.stages, strict=True):
        label = words.stage_label(stage.spec.act, stage.spec.level)
        done = [d for d in mine if d.stage.number == stage.spec.number and d.act == stage.spec.act]
        steps += [
            Step(
                label=label, status="done",
                people=[Named(d.user.display_name, d.user_id == actor.pk)],
                at=d.decided_at, signed=True, short_code=codes.get(d.signature_id, ""),
            )
            for d in done
        ]  # fmt: skip
        if stage.complete:
            continue
        pending = request.state == RequestState.PENDING and resolution.current is stage
        status = "current" if pending else ("stopped" if stopped else "waiting")
        ready = {person.user_id for person in stage.eligible}
        without = [person.name for person in expected.eligible if person.user_id not in ready]
        note = _("Without a card in force: %(names)s") % {"names": "、".join(without)}
        steps.append(
            Step(
                label=label, status=status,
                people_note=words.who_note(stage.spec) if expected.eligible else "",
                people=[Named(p.name, p.user_id == actor.pk) for p in expected.eligible],
                note=note if without else "",
            )
        )  # fmt: skip
        stopped = False if status == "stopped" else stopped
    return steps


def _who(resolution: Resolution, actor: User) -> Who:
    may = [
        {
            "name": person.name,
            "you": person.user_id == actor.pk,
            "stage_label": words.stage_label(stage.spec.act, stage.spec.level),
        }
        for stage in resolution.stages
        if not stage.complete
        for person in stage.eligible
    ]
    current = resolution.current
    may_not = [
        {
            "name": obstacle.person.name,
            "you": obstacle.person.user_id == actor.pk,
            "reason": " ".join(str(words.REASONS[reason]) for reason in obstacle.reasons),
        }
        for obstacle in (current.obstacles if current else ())
    ]
    return Who(may, may_not)
