"""Which flow would a subject take, and could people complete it?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from approvals.errors import AmbiguousFlow, NobodyCanAct, NoFlow
from approvals.kinds import Kind, SubjectFacts, concerned_by
from approvals.policies.resolver import Case, Person, Resolution, Standing, resolve
from approvals.policies.rules import Question, Rule, matching
from approvals.queries.cases import people, rules_of
from approvals.states import RequestState
from identity.policies import Home


@dataclass(frozen=True, slots=True)
class Plan:
    """Say which rule would apply to a subject as it stands, and who could act.

    `expected` leaves certificates aside: somebody whose card is not yet in use, or suspended,
    may still be the one to act when the stage comes.
    """

    rule: Rule
    resolution: Resolution
    expected: Resolution


def plan(
    *, home: Home, kind: Kind, facts: SubjectFacts, editors: frozenset[int], now: datetime
) -> Plan:
    """Choose the flow for a subject and see that people can complete it (FLOW-2, ENT-4).

    Raises NoFlow, AmbiguousFlow or NobodyCanAct.
    """
    question = Question(
        kind=kind.code,
        account_id=facts.account_id,
        currency=facts.money.currency if facts.money else "",
        amount=facts.money.amount if facts.money else Decimal(0),
        importance=facts.importance,
    )
    found = matching(rules_of(home), question)
    if not found:
        raise NoFlow()
    if len(found) > 1:
        raise AmbiguousFlow()
    concerned = concerned_by(kind, facts.content)
    case = Case(RequestState.PENDING, editors, found[0].stages, (), kind.functions, concerned)
    everyone = people(home, kind, facts.content, facts.money, now=now)
    expected = resolve(case, with_cards(everyone))
    blocked = expected.blocked_stage()
    if blocked is not None:
        raise NobodyCanAct(stage=blocked.spec.number)
    return Plan(found[0], resolve(case, everyone), expected)


def with_cards(everyone: tuple[Person, ...]) -> tuple[Person, ...]:
    """Return these people as if every certificate were good."""
    return tuple(replace(person, certificate=Standing.GOOD) for person in everyone)
