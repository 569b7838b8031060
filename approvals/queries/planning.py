"""Which flow would a subject take, and could people complete it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from approvals.errors import AmbiguousFlow, NobodyCanAct, NoFlow
from approvals.kinds import Kind, SubjectFacts
from approvals.policies.resolver import Case, Resolution, resolve
from approvals.policies.rules import Question, Rule, matching
from approvals.queries.cases import people, rules_of
from approvals.states import RequestState


@dataclass(frozen=True, slots=True)
class Plan:
    """Say which rule would apply to a subject as it stands, and who could act."""

    rule: Rule
    resolution: Resolution


def plan(
    *, company_id: int, kind: Kind, facts: SubjectFacts, editors: frozenset[int], now: datetime
) -> Plan:
    """Choose the flow for a subject and see that people can complete it (FLOW-2, ENT-4).

    Raises NoFlow, AmbiguousFlow or NobodyCanAct.
    """
    question = Question(
        kind=kind.code,
        account_id=facts.account_id,
        currency=facts.money.currency,
        amount=facts.money.amount,
        importance=facts.importance,
    )
    found = matching(rules_of(company_id), question)
    if not found:
        raise NoFlow()
    if len(found) > 1:
        raise AmbiguousFlow()
    case = Case(RequestState.PENDING, editors, found[0].stages, (), kind.functions)
    resolution = resolve(case, people(company_id, kind, facts.content, facts.money, now=now))
    blocked = resolution.blocked_stage()
    if blocked is not None:
        raise NobodyCanAct(stage=blocked.spec.number)
    return Plan(found[0], resolution)
