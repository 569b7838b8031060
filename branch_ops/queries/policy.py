"""Which figures of signing in are in force, who changed them, and is a change under way?"""

from __future__ import annotations

from dataclasses import dataclass

from approvals.queries.proposals import open_request_on
from branch_ops.queries.visible import Line, history
from identity import queries as identity
from identity.policies import PolicyFigures

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """Carry the figures in force, the open request on them, and their last changes, newest first.

    `pending` is empty text where no change is under way.
    """

    figures: PolicyFigures
    pending: str
    changes: list[Line]


def policy_facts(target: str) -> PolicyFacts:
    """Return the bank's figures as they stand; `target` is their name in log and requests."""
    return PolicyFacts(
        figures=identity.policy_figures(),
        pending=open_request_on(target),
        changes=history(target)[:MOST_SHOWN],
    )
