"""What waits for me, what did I make, what did I decide, what is there?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.utils.translation import gettext as _

from approvals.kinds import kind_of
from approvals.models import Decision, Editor, Request, Stage
from approvals.queries import words
from approvals.queries.cases import visible_to
from approvals.queries.pages import SOON
from approvals.states import EDITABLE, Act, RequestState
from identity import queries as identity
from identity.models import User
from kernel.money import Money
from ledger import queries as ledger
from ledger.policies import AccountFunction

PAGE = 25
MOST_COUNTED = 100
FUNCTIONS = {
    Act.REVIEW: AccountFunction.REVIEW_TRANSFER,
    Act.RELEASE: AccountFunction.RELEASE_TRANSFER,
}


class Tab(StrEnum):
    """Name the four views of the inbox."""

    WAITING = "waiting"
    MINE = "mine"
    ALL = "all"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Chip:
    """Show one stage as a chip."""

    label: str
    who: str
    status: str
    you: bool


@dataclass(frozen=True, slots=True)
class Row:
    """Show one request in a list."""

    reference: str
    kind_label: str
    summary: str
    amount: Money | None
    deadline: datetime
    deadline_soon: bool
    state_label: str
    tone: str
    stages: list[Chip]
    cursor: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Hold one page of a list; `next_cursor` is empty on the last."""

    rows: list[Row]
    next_cursor: str


def waiting(actor: User, *, now: datetime) -> QuerySet[Request]:
    """Return the pending requests whose present stage this person may take, by role and account."""
    mine = Editor.objects.filter(request=OuterRef("pk"), user=actor)
    acted = Decision.objects.filter(
        user=actor,
        revision__request=OuterRef("pk"),
        revision__number=OuterRef("revision_number"),
    )
    places = Q(pk__in=[])
    for grant in set(identity.grants_of(actor.pk, now=now).values()):
        stage = Q(stage_role=grant.role, stage_level=grant.level)
        # What moves no money is decided by role alone.
        places |= stage & Q(account__isnull=True)
        if actor.is_staff:
            continue
        for act, function in FUNCTIONS.items():
            accounts = ledger.account_ids(actor.pk, function, now=now)
            places |= stage & Q(stage_act=act, account_id__in=accounts)
    return Request.objects.filter(
        places,
        ~Exists(mine),
        ~Exists(acted),
        identity.at_home(actor.home),
        state=RequestState.PENDING,
        deadline__gte=now,
    )


def waiting_count(actor: User, *, now: datetime) -> int:
    """Return how many requests wait for this person, counted up to a hundred."""
    return len(waiting(actor, now=now).order_by().values_list("pk")[:MOST_COUNTED])


def listing(
    actor: User,
    tab: Tab,
    *,
    text: str = "",
    state: str = "",
    cursor: str = "",
    limit: int = PAGE,
    now: datetime,
) -> Listing:
    """Return one page of a view of the inbox; three statements whatever the number of rows."""
    rows = _of_tab(actor, tab, now)
    if text:
        rows = rows.filter(Q(reference__icontains=text) | Q(title__icontains=text))
    if state:
        rows = rows.filter(state=state)
    by_deadline = tab == Tab.WAITING
    rows = _page(rows, cursor, by_deadline=by_deadline)
    found = list(rows.select_related("maker")[: limit + 1])
    shown, more = found[:limit], len(found) > limit
    chips = _chips(shown, actor)
    listed = [_row(request, chips.get(request.pk, []), now, by_deadline) for request in shown]
    return Listing(listed, listed[-1].cursor if more else "")


def totals(rows: Iterable[Row]) -> list[Money]:
    """Return the sum of the rows for each currency; never over two (ui.md)."""
    sums: dict[str, Money] = {}
    for row in rows:
        if row.amount is None:
            continue
        before = sums.get(row.amount.currency)
        sums[row.amount.currency] = row.amount if before is None else before + row.amount
    return [sums[currency] for currency in sorted(sums)]


def _of_tab(actor: User, tab: Tab, now: datetime) -> QuerySet[Request]:
    if tab == Tab.WAITING:
        return waiting(actor, now=now)
    rows = visible_to(actor, now=now).exclude(state=RequestState.DELETED)
    if tab == Tab.MINE:
        return rows.filter(Exists(Editor.objects.filter(request=OuterRef("pk"), user=actor)))
    if tab == Tab.DECIDED:
        decided = Decision.objects.filter(revision__request=OuterRef("pk"), user=actor)
        return rows.filter(Exists(decided))
    return rows.exclude(state=RequestState.DRAFT)


def _page(rows: QuerySet[Request], cursor: str, *, by_deadline: bool) -> QuerySet[Request]:
    moment, number = _read_cursor(cursor)
    if by_deadline:
        if moment is not None:
            rows = rows.filter(Q(deadline__gt=moment) | Q(deadline=moment, pk__gt=number))
        return rows.order_by("deadline", "pk")
    if moment is not None:
        rows = rows.filter(Q(changed_at__lt=moment) | Q(changed_at=moment, pk__lt=number))
    return rows.order_by("-changed_at", "-pk")


def _read_cursor(cursor: str) -> tuple[datetime | None, int]:
    moment, _sep, number = cursor.partition("~")
    try:
        read = datetime.fromisoformat(moment).astimezone(UTC)
        return read, int(number)
    except (ValueError, OverflowError):
        return None, 0


def _row(request: Request, chips: list[Chip], now: datetime, by_deadline: bool) -> Row:
    label, tone = words.STATES[RequestState(request.state)]
    moment = request.deadline if by_deadline else request.changed_at
    return Row(
        reference=request.reference,
        kind_label=str(kind_of(request.kind).name),
        summary=request.title,
        amount=request.money.quantised() if request.money else None,
        deadline=request.deadline,
        deadline_soon=request.state == RequestState.PENDING and request.deadline - now < SOON,
        state_label=str(label),
        tone=tone,
        stages=chips,
        cursor=f"{moment.isoformat()}~{request.pk}",
    )


def _chips(requests: list[Request], actor: User) -> dict[int, list[Chip]]:
    taken = (
        Decision.objects.filter(stage=OuterRef("pk"))
        .order_by("pk")
        .values(json=JSONObject(id="user_id", name="user__display_name", act="act"))
    )
    stages = (
        Stage.objects.filter(
            revision__request__in=requests,
            revision__number=F("revision__request__revision_number"),
        )
        .annotate(taken=ArraySubquery(taken), request_id=F("revision__request_id"))
        .order_by("number")
    )
    by_request: dict[int, list[Stage]] = {}
    for stage in stages:
        by_request.setdefault(stage.request_id, []).append(stage)
    return {
        request.pk: _request_chips(request, by_request.get(request.pk, []), actor)
        for request in requests
    }


def _request_chips(request: Request, stages: list[Stage], actor: User) -> list[Chip]:
    editing = request.state in EDITABLE
    made = Chip(
        _("Edit"), request.maker.display_name, "current" if editing else "done",
        request.maker_id == actor.pk,
    )  # fmt: skip
    return [made, *[_stage_chip(request, stage, actor) for stage in stages if not editing]]


def _stage_chip(request: Request, stage: Any, actor: User) -> Chip:  # noqa: ANN401 -- annotated
    label = words.stage_label(stage.act, stage.level)
    done: list[Mapping[str, object]] = [t for t in stage.taken if t["act"] == stage.act]
    if len(done) >= stage.needed:
        status = "done"
    elif request.state == RequestState.PENDING:
        status = "current" if request.stage_number == stage.number else "waiting"
    else:
        status = "stopped" if request.stage_number == stage.number else "waiting"
    who = "、".join(str(t["name"]) for t in done)
    return Chip(label, who, status, any(t["id"] == actor.pk for t in done))
