"""Which rows of the rooms that know no people may this person see, and what happened to one?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet, Value
from django.db.models.functions import Concat

from audit import queries as audit
from identity.models import Unit, User
from identity.queries import names, visible_companies, visible_users

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True, slots=True)
class Line:
    """Show one thing that was done to a row of the window."""

    at: datetime
    event: str
    actor: str
    before: dict[str, object]
    after: dict[str, object]
    reason: str


def history(target: str) -> list[Line]:
    """Return what was done to a target of the audit log, newest first, with people's names."""
    happenings = audit.history(target)
    known = names(happening.actor for happening in happenings)
    return [
        Line(
            at=happening.at,
            event=happening.event,
            actor=known.get(happening.actor, happening.actor),
            before=happening.before,
            after=happening.after,
            reason=happening.reason,
        )
        for happening in reversed(happenings)
    ]


def visible_messages(actor: User, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Return the messages to people the actor may see."""
    companies = visible_companies(actor).values("code")
    people = visible_users(actor).filter(company__isnull=True).values("public_id")
    return rows.filter(Q(company_key__in=companies) | Q(company_key="", recipient_key__in=people))


def visible_entries(actor: User, rows: QuerySet[Row], *, column: str = "chain") -> QuerySet[Row]:
    """Return the audit rows of chains the actor may see: a branch its own and its customers'."""
    if actor.unit is None:
        return rows.none()
    if actor.unit.kind != Unit.Kind.BRANCH:
        return rows
    chains: Any = visible_companies(actor).annotate(named=Concat(Value("company:"), "code"))
    own = Q(**{column: f"unit:{actor.unit.code}"})
    return rows.filter(own | Q(**{f"{column}__in": chains.values("named")}))
