"""Read one request as the rules see it, in few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from approvals.errors import RequestNotFound
from approvals.kinds import Kind, concerned_by, kind_of
from approvals.models import Decision, Editor, FlowRule, FlowStage, Request, Revision, Stage
from approvals.permissions import Permission
from approvals.policies.resolver import Case, Person, Power, Standing, Taken
from approvals.policies.rules import Rule, StageSpec
from approvals.states import RequestState
from certificates import queries as certificates
from identity import queries as identity
from identity.models import Unit, User
from identity.policies import Home
from kernel.money import Money
from ledger import queries as ledger
from ledger.policies import AccountFunction


@dataclass(frozen=True, slots=True)
class StageRow:
    """Pair a stage's row with its decisions and the digests (hex) of their signatures."""

    pk: int
    spec: StageSpec
    taken: tuple[Taken, ...]
    signatures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submitted:
    """Hold a submitted request with its present revision, stages and decisions."""

    request: Request
    revision: Revision
    stages: tuple[StageRow, ...]
    editors: frozenset[int]

    @property
    def kind(self) -> Kind:
        """Return what the request is about."""
        return kind_of(self.request.kind)

    @property
    def money(self) -> Money | None:
        """Return the amount of the request, or None where it moves no money."""
        return self.request.money

    @property
    def case(self) -> Case:
        """Return what the resolver judges."""
        return Case(
            state=RequestState(self.request.state),
            editors=self.editors,
            stages=tuple(stage.spec for stage in self.stages),
            taken=tuple(taken for stage in self.stages for taken in stage.taken),
            functions=self.kind.functions,
            concerned=concerned_by(self.kind, self.revision.content),
        )

    def stage(self, number: int) -> StageRow:
        """Return the stage of this number."""
        return next(stage for stage in self.stages if stage.spec.number == number)


def visible_to(actor: User, *, now: datetime) -> QuerySet[Request]:
    """Return the requests on accounts the actor may see, and those they edited.

    Requests about the company itself, on no account, are for its security pair.
    People of the bank see those of their own unit; people of the head office those of every unit.
    """
    if actor.unit is not None:
        if actor.unit.kind == Unit.Kind.BRANCH:
            return Request.objects.filter(unit=actor.unit)
        return Request.objects.filter(unit__isnull=False)
    own = Editor.objects.filter(request=OuterRef("pk"), user=actor)
    accounts = ledger.account_ids(actor.pk, AccountFunction.INQUIRE, now=now)
    mine: Q = Q(account_id__in=accounts) | Q(Exists(own))
    if Permission.ADMINISTRATION in actor.granted:
        mine |= Q(account__isnull=True)
    return Request.objects.filter(mine, company_id=actor.company_pk)


def visible_request(actor: User, reference: str, *, now: datetime) -> Request:
    """Return a request the actor may see. Raises RequestNotFound for any other."""
    rows = visible_to(actor, now=now).select_related("company__sign_in_policy", "unit", "maker")
    found = rows.filter(reference=reference).first()
    if found is None:
        raise RequestNotFound()
    return found


def read_submitted(actor: User, reference: str) -> Submitted:
    """Return a request of the actor's company or unit as submitted, in one statement.

    Raises RequestNotFound where it has no such request, or it was never submitted.
    """
    rows = _submitted_rows().filter(identity.at_home(actor.home, "request__"))
    found = rows.filter(request__reference=reference).first()
    if found is None:
        raise RequestNotFound()
    return _submitted(found)


def read_pending(home: Home) -> list[Submitted]:
    """Return every pending request of a home as submitted, soonest first, in one statement."""
    rows = _submitted_rows().filter(
        identity.at_home(home, "request__"), request__state=RequestState.PENDING
    )
    return [_submitted(row) for row in rows.order_by("request__deadline", "request_id")]


def _submitted_rows() -> QuerySet[Revision, Any]:
    """Return the present revisions of requests with their stages, decisions and editors."""
    editors = Editor.objects.filter(request=OuterRef("request_id")).values("user_id")
    return (
        Revision.objects.select_related(
            "request__company__sign_in_policy", "request__unit", "request__maker", "policy"
        )
        .annotate(editor_ids=ArraySubquery(editors), stage_list=ArraySubquery(_stages()))
        .filter(number=F("request__revision_number"))
    )


def _submitted(revision: Any) -> Submitted:  # noqa: ANN401 -- annotated
    return Submitted(
        request=revision.request,
        revision=revision,
        stages=tuple(_stage_row(row) for row in revision.stage_list),
        editors=frozenset(revision.editor_ids),
    )


def stage_rows(revision_id: int) -> tuple[StageRow, ...]:
    """Return a revision's stages in order, each with its decisions, in one statement."""
    revision = Revision.objects.filter(pk=revision_id).annotate(stage_list=ArraySubquery(_stages()))
    return tuple(_stage_row(row) for row in revision.get().stage_list)


def _stages() -> QuerySet[Stage, Any]:
    """Return the stages of the outer query's revision in order, with their decisions, as JSON."""
    decisions = (
        Decision.objects.filter(stage=OuterRef("pk"))
        .order_by("pk")
        .values(
            json=JSONObject(
                user="user_id", act="act", group="group", signature="signature__cms_sha256"
            )
        )
    )
    columns = {name: name for name in ("pk", "number", "act", "role", "level", "needed", "groups")}
    return (
        Stage.objects.filter(revision=OuterRef("pk"))
        .order_by("number")
        .values(json=JSONObject(**columns, taken=ArraySubquery(decisions)))
    )


def _stage_row(row: Mapping[str, Any]) -> StageRow:
    spec = StageSpec(
        row["number"], row["act"], row["role"], row["level"], row["needed"], tuple(row["groups"])
    )
    return StageRow(
        pk=row["pk"],
        spec=spec,
        taken=tuple(Taken(d["user"], spec.number, d["act"], d["group"]) for d in row["taken"]),
        signatures=tuple(d["signature"] for d in row["taken"]),
    )


def people(
    home: Home,
    kind: Kind,
    content: Mapping[str, str],
    money: Money | None,
    *,
    now: datetime,
    user_ids: Sequence[int] | None = None,
) -> tuple[Person, ...]:
    """Return a home's people (or some of them) as the rules see them, in four statements."""
    members = identity.members(home, now=now, user_ids=user_ids)
    ids = [member.user_id for member in members]
    held = certificates.signing_certificates(ids)
    return persons(members, held, kind, content, money, now=now)


def persons(
    members: Sequence[identity.Member],
    held: Mapping[int, certificates.CertificateFacts],
    kind: Kind,
    content: Mapping[str, str],
    money: Money | None,
    *,
    now: datetime,
) -> tuple[Person, ...]:
    """Return people and their certificates, read before, as the rules of one subject see them.

    One statement.
    """
    functions = kind.headroom([member.user_id for member in members], content, now=now)
    standings = _standings(held, kind, money, now)
    return tuple(
        Person(
            user_id=member.user_id,
            public_id=member.public_id,
            name=member.name,
            in_force=member.in_force,
            powers=tuple(Power(g.role, g.level, g.group) for g in member.grants),
            functions=functions.get(member.user_id, {}),
            certificate=standings.get(member.user_id, Standing.NONE),
        )
        for member in members
    )


def standings_of(
    user_ids: Sequence[int], kind: Kind, money: Money | None, *, now: datetime
) -> dict[int, Standing]:
    """Return how these people's signing certificates stand for this act, in one statement.

    People without a certificate are left out.
    """
    return _standings(certificates.signing_certificates(user_ids), kind, money, now)


def _standings(
    held: Mapping[int, certificates.CertificateFacts],
    kind: Kind,
    money: Money | None,
    now: datetime,
) -> dict[int, Standing]:
    return {
        user_id: Standing.SUSPENDED
        if facts.refusal(function=kind.code, amount=money, now=now)
        else Standing.GOOD
        for user_id, facts in held.items()
    }


def read_person(
    actor: User, submitted: Submitted, *, now: datetime
) -> tuple[Person, frozenset[int]]:
    """Return the actor as the rules see them, and the grants this rests on, in three statements."""
    grants = identity.grants_of(actor.pk, now=now)
    content = submitted.revision.content
    standings = standings_of([actor.pk], submitted.kind, submitted.money, now=now)
    person = Person(
        user_id=actor.pk,
        public_id=actor.public_id,
        name=actor.display_name,
        in_force=bool(grants),
        powers=tuple(Power(g.role, g.level, g.group) for g in grants.values()),
        functions=submitted.kind.headroom([actor.pk], content, now=now).get(actor.pk, {}),
        certificate=standings.get(actor.pk, Standing.NONE),
    )
    return person, frozenset(grants)


def rules_of(home: Home) -> tuple[Rule, ...]:
    """Return the rule table of a company, or of the bank for its units (FLOW-2).

    A company that has no rule of its own for a kind stands under the bank's, which has none for
    what moves money. With the stages of each flow, in two statements.
    """
    of_home = FlowRule.objects.filter(_owned_by(home))
    rows = list(of_home.select_related("flow").order_by("pk"))
    if home.company_id is not None:
        own = {row.kind for row in rows if row.company_id is not None}
        rows = [row for row in rows if row.company_id is not None or row.kind not in own]
    stages: dict[int, list[StageSpec]] = {}
    flows = FlowStage.objects.filter(_owned_by(home, "flow__"))
    for row in flows.order_by("flow_id", "number"):
        spec = StageSpec(row.number, row.act, row.role, row.level, row.needed, tuple(row.groups))
        stages.setdefault(row.flow_id, []).append(spec)
    return tuple(
        Rule(
            rule_id=row.pk,
            kind=row.kind,
            account_id=row.account_id,
            currency=row.currency,
            importance=row.importance,
            minimum=row.minimum,
            maximum=row.maximum,
            flow_code=row.flow.code,
            flow_name=row.flow.name,
            stages=tuple(stages.get(row.flow_id, ())),
        )
        for row in rows
    )


def _owned_by(home: Home, path: str = "") -> Q:
    """Return the condition that a rule is the bank's own, or with a company also the company's."""
    bank = Q(**{f"{path}company__isnull": True})
    if home.company_id is None:
        return bank
    return bank | Q(**{f"{path}company_id": home.company_id})
