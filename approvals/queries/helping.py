"""Whom may this person let in again, how do they stand, and what is asked for them already?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from approvals.errors import PersonUnknown
from approvals.queries.proposals import open_requests_on
from approvals.queries.words import user_state
from identity import queries as identity
from identity.models import User
from identity.queries import Helped, Relation
from identity.states import UserState

PAGE = 25
# What a list is about where somebody helps nobody.
NONE = Relation.PEOPLE


@dataclass(frozen=True, slots=True)
class HelpRow:
    """Show one person who may be let in again; `pending` is the open request about them."""

    person: Helped
    state_label: str
    tone: str
    pending: str

    @property
    def can_unlock(self) -> bool:
        """Tell whether there is a pause to lift, and nothing under way."""
        return not self.pending and self.person.state == UserState.PAUSED

    @property
    def can_renew(self) -> bool:
        """Tell whether new credentials can be asked for."""
        return not self.pending and self.person.state in (UserState.ACTIVE, UserState.PAUSED)


@dataclass(frozen=True, slots=True)
class HelpPage:
    """Hold one page of them; `cursor` is empty on the last."""

    relation: Relation
    rows: list[HelpRow]
    cursor: str


def subject_key(number: str) -> str:
    """Return what is locked by a proposal: one such change to a person at a time (DUAL-5)."""
    return f"person:{number}"


def help_page(
    actor: User, *, text: str = "", state: str = "", cursor: str = "", now: datetime
) -> HelpPage:
    """Return a page of the people the actor helps, by name; four queries, however many they are."""
    relation = next(iter(identity.relations_of(actor, now=now)), None)
    if relation is None:
        return HelpPage(NONE, [], "")
    found = identity.helped_people(
        relation, actor.home, text=text, state=state, cursor=cursor, limit=PAGE + 1
    )
    shown = found[:PAGE]
    pending = open_requests_on([subject_key(one.number) for one in shown])
    rows = [_row(one, pending.get(subject_key(one.number), "")) for one in shown]
    return HelpPage(relation, rows, shown[-1].cursor if len(found) > PAGE else "")


def help_row(actor: User, number: str, *, now: datetime) -> tuple[Relation, HelpRow]:
    """Return one person the actor helps, and as which of those. Raises PersonUnknown."""
    for relation in identity.relations_of(actor, now=now):
        person = identity.helped_person(relation, number)
        if person is not None and person.in_charge == actor.home:
            key = subject_key(number)
            return relation, _row(person, open_requests_on([key]).get(key, ""))
    raise PersonUnknown


def _row(person: Helped, pending: str) -> HelpRow:
    label, tone = user_state(person.state)
    return HelpRow(person, label, tone, pending)
