"""Who may do what to a request now, and why not? One pure function with reasons (FLOW-4).

Buttons, inbox, 'who can release this?' and the decision itself all ask here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from approvals.policies.rules import StageSpec
from approvals.states import DECISIONS, REQUEST_VERBS, Act, RequestState


class Reason(StrEnum):
    """Name why a person may not act."""

    NOT_PENDING = "not pending"
    OTHER_STAGE = "other stage"
    IS_MAKER = "is maker"
    IS_CONCERNED = "is concerned"
    ALREADY_ACTED = "already acted"
    NOT_IN_FORCE = "not in force"
    WRONG_ROLE = "wrong role"
    GROUP_FILLED = "group filled"
    NO_ACCOUNT_RIGHT = "no account right"
    OVER_OWN_LIMIT = "over own limit"
    NO_CERTIFICATE = "no certificate"
    CERTIFICATE_SUSPENDED = "certificate suspended"


class Standing(StrEnum):
    """Say how a person's signing certificate stands."""

    NONE = "none"
    GOOD = "good"
    SUSPENDED = "suspended"


@dataclass(frozen=True, slots=True)
class Power:
    """Name one role in force with its level and signing group."""

    role: str
    level: int
    group: str


@dataclass(frozen=True, slots=True)
class Person:
    """Describe a person as the rules see them.

    `functions` are their object-level rights on the account, each with whether the person's own
    limit is enough for the amount.
    """

    user_id: int
    public_id: str
    name: str
    in_force: bool
    powers: tuple[Power, ...]
    functions: Mapping[str, bool]
    certificate: Standing


@dataclass(frozen=True, slots=True)
class Taken:
    """Name one decision taken on the pending revision."""

    user_id: int
    stage: int
    act: str
    group: str


@dataclass(frozen=True, slots=True)
class Case:
    """Describe a request as the rules see it. `functions` maps an act to the right it needs.

    `concerned` is the user number of the person whose own standing it changes, or empty text.
    """

    state: RequestState
    editors: frozenset[int]
    stages: tuple[StageSpec, ...]
    taken: tuple[Taken, ...]
    functions: Mapping[str, str]
    concerned: str = ""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Name a person who may not act at a stage, with every reason."""

    person: Person
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class StageView:
    """Tell how far one stage is: who acted, how many are missing, who could, who not and why."""

    spec: StageSpec
    done: tuple[Taken, ...]
    missing: int
    open_groups: tuple[str, ...]
    eligible: tuple[Person, ...]
    obstacles: tuple[Obstacle, ...]

    @property
    def complete(self) -> bool:
        """Tell whether the stage needs nobody any more."""
        return self.missing == 0


@dataclass(frozen=True, slots=True)
class Resolution:
    """Answer for one request and a set of people."""

    stages: tuple[StageView, ...]
    current: StageView | None

    def reasons(self, act: Act, user_id: int) -> tuple[Reason, ...]:
        """Return why a person may not do this act now; empty means that they may."""
        stage = self.current
        if stage is None:
            return (Reason.NOT_PENDING,)
        if act in (Act.REVIEW, Act.RELEASE) and stage.spec.act != act:
            return (Reason.OTHER_STAGE,)
        if any(person.user_id == user_id for person in stage.eligible):
            return ()
        for obstacle in stage.obstacles:
            if obstacle.person.user_id == user_id:
                return obstacle.reasons
        return (Reason.WRONG_ROLE,)

    def blocked_stage(self) -> StageView | None:
        """Return the first stage that can no longer be completed, or None (ENT-4).

        One person decides once per revision, so the people are matched to the open places of all
        stages together.
        """
        for count in range(1, len(self.stages) + 1):
            open_stages = [stage for stage in self.stages[:count] if not stage.complete]
            places = [place for stage in open_stages for place in _places(stage)]
            if _seated(places) < len(places):
                return self.stages[count - 1]
        return None

    def acts(self, user_id: int) -> tuple[Act, ...]:
        """Return the decisions a person may take now."""
        return tuple(act for act in DECISIONS if not self.reasons(act, user_id))


def resolve(case: Case, people: tuple[Person, ...]) -> Resolution:
    """Judge every stage of a request for these people (DUAL-2, FLOW-1, FLOW-4)."""
    views: list[StageView] = []
    current: StageView | None = None
    pending = case.state == RequestState.PENDING
    for spec in case.stages:
        view = _stage_view(case, spec, people)
        views.append(view)
        if pending and current is None and not view.complete:
            current = view
    return Resolution(tuple(views), current)


def allowed_by_state(act: Act, state: RequestState) -> bool:
    """Tell whether the machine's table allows a verb in a state."""
    return state in REQUEST_VERBS[act].sources


def group_for(stage: StageView, person: Person) -> str:
    """Return which group's place a person takes at a stage, or empty text for a place of none.

    Somebody of two missing groups takes the one that leaves the others to people who can fill
    them.
    """
    own = {power.group for power in person.powers if _fits(power, stage.spec)}
    candidates = [group for group in stage.open_groups if group in own]
    others = tuple(one for one in stage.eligible if one.user_id != person.user_id)
    for group in candidates:
        left = tuple(name for name in stage.open_groups if name != group)
        rest = replace(stage, missing=stage.missing - 1, open_groups=left, eligible=others)
        places = _places(rest)
        if _seated(places) == len(places):
            return group
    return candidates[0] if candidates else ""


def _stage_view(case: Case, spec: StageSpec, people: tuple[Person, ...]) -> StageView:
    done = tuple(t for t in case.taken if t.stage == spec.number and t.act == spec.act)
    missing = max(0, spec.needed - len(done))
    filled = [taken.group for taken in done]
    open_groups = tuple(group for group in spec.groups if group not in filled)
    eligible: list[Person] = []
    obstacles: list[Obstacle] = []
    for person in people:
        reasons = _obstacles(case, spec, person, missing, open_groups)
        if reasons:
            obstacles.append(Obstacle(person, reasons))
        else:
            eligible.append(person)
    return StageView(spec, done, missing, open_groups, tuple(eligible), tuple(obstacles))


def _obstacles(
    case: Case, spec: StageSpec, person: Person, missing: int, open_groups: tuple[str, ...]
) -> tuple[Reason, ...]:
    powers = [power for power in person.powers if _fits(power, spec)]
    # Once only places of named groups are left, a person of none of them has no place.
    crowded = bool(open_groups) and len(open_groups) >= missing
    checks = (
        (Reason.IS_MAKER, person.user_id in case.editors),
        (Reason.IS_CONCERNED, person.public_id == case.concerned),
        (Reason.ALREADY_ACTED, any(t.user_id == person.user_id for t in case.taken)),
        (Reason.NOT_IN_FORCE, not person.in_force),
        (Reason.WRONG_ROLE, not powers),
        (
            Reason.GROUP_FILLED,
            bool(powers) and crowded and not any(p.group in open_groups for p in powers),
        ),
        (Reason.NO_ACCOUNT_RIGHT, case.functions[spec.act] not in person.functions),
        (Reason.OVER_OWN_LIMIT, not person.functions.get(case.functions[spec.act], True)),
        (Reason.NO_CERTIFICATE, person.certificate == Standing.NONE),
        (Reason.CERTIFICATE_SUSPENDED, person.certificate == Standing.SUSPENDED),
    )
    return tuple(reason for reason, holds in checks if holds)


def _fits(power: Power, spec: StageSpec) -> bool:
    return power.role == spec.role and power.level == spec.level


def _places(stage: StageView) -> list[frozenset[int]]:
    """Return for each missing place of a stage the people who could take it."""
    free = max(0, stage.missing - len(stage.open_groups))
    everyone = frozenset(person.user_id for person in stage.eligible)
    named = [
        frozenset(
            person.user_id
            for person in stage.eligible
            if any(p.group == group for p in person.powers if _fits(p, stage.spec))
        )
        for group in stage.open_groups
    ]
    return named + [everyone] * free


def _seated(places: list[frozenset[int]]) -> int:
    """Return how many places different people can take, by augmenting paths."""
    holder: dict[int, int] = {}

    def seat(place: int, seen: set[int]) -> bool:
        for person in places[place] - seen:
            seen.add(person)
            if person not in holder or seat(holder[person], seen):
                holder[person] = place
                return True
        return False

    return sum(seat(place, set()) for place in range(len(places)))
