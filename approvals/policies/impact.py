"""What would become of a request if one person could no longer sign? One pure comparison (CERT-9).

Nothing of the rules is repeated here: the resolver is asked twice, once without the person's
certificate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from approvals.policies.resolver import (
    Case,
    Obstacle,
    Person,
    Reason,
    Resolution,
    StageView,
    Standing,
    resolve,
)

# What keeps somebody from standing in for good; all else could be repaired in time.
_NOT_THEIRS = {
    Reason.WRONG_ROLE, Reason.IS_MAKER, Reason.IS_CONCERNED, Reason.ALREADY_ACTED,
    Reason.GROUP_FILLED,
}  # fmt: skip


class Outcome(StrEnum):
    """Name what becomes of a pending request."""

    STOPS = "stops"
    GOES_ON = "goes on"
    STUCK = "stuck"  # nobody could complete it before either


@dataclass(frozen=True, slots=True)
class Comparison:
    """Tell at which stage a request would miss a person, who is left there, and who nearly is.

    `near` are people of the stage's role who could not act now, with every reason.
    """

    outcome: Outcome
    stage: StageView
    stand_ins: tuple[Person, ...]
    near: tuple[Obstacle, ...]


def without_certificate(case: Case, people: tuple[Person, ...], user_id: int) -> Comparison | None:
    """Compare a request with and without one person's certificate.

    None where they have no part in it: they could take none of its open places anyway.
    """
    before = resolve(case, people)
    theirs = _first_open_with(before, user_id)
    if theirs is None:
        return None
    after = resolve(case, tuple(_without(person, user_id) for person in people))
    blocked = after.blocked_stage()
    if blocked is None:
        outcome, number = Outcome.GOES_ON, theirs.spec.number
    else:
        outcome = Outcome.STOPS if before.blocked_stage() is None else Outcome.STUCK
        number = blocked.spec.number
    stage = next(view for view in after.stages if view.spec.number == number)
    near = tuple(
        obstacle
        for obstacle in stage.obstacles
        if obstacle.person.user_id != user_id and not _NOT_THEIRS & set(obstacle.reasons)
    )
    return Comparison(outcome, stage, stage.eligible, near)


def _first_open_with(resolution: Resolution, user_id: int) -> StageView | None:
    for stage in resolution.stages:
        if not stage.complete and any(person.user_id == user_id for person in stage.eligible):
            return stage
    return None


def _without(person: Person, user_id: int) -> Person:
    if person.user_id != user_id:
        return person
    return replace(person, certificate=Standing.SUSPENDED)
