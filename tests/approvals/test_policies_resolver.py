"""Who may do what now, and every reason why not; both the may and the may-not (DUAL-2, FLOW-4)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from hypothesis import given, strategies as st

from approvals.policies.resolver import (
    Case,
    Person,
    Power,
    Reason,
    Resolution,
    Standing,
    Taken,
    allowed_by_state,
    group_for,
    resolve,
)
from approvals.policies.rules import RELEASER, REVIEWER, StageSpec
from approvals.states import DECISIONS, REQUEST_VERBS, Act, RequestState

FUNCTIONS = MappingProxyType(
    {"submit": "edit_transfer", "review": "review_transfer", "release": "release_transfer"}
)
FIRST = StageSpec(1, "review", REVIEWER, 1, 1, ())
SECOND = StageSpec(2, "review", REVIEWER, 2, 1, ())
RELEASE = StageSpec(3, "release", RELEASER, 0, 1, ())
MAKER, ANN, BOB, CAT, DAN = 1, 2, 3, 4, 5
CASE = Case(
    state=RequestState.PENDING,
    editors=frozenset({MAKER}),
    stages=(FIRST, SECOND, RELEASE),
    taken=(),
    functions=FUNCTIONS,
)


def person(user_id: int = ANN, *powers: Power, **changes: object) -> Person:
    """Return somebody who may review at the first level, unless told otherwise."""
    found = Person(
        user_id=user_id,
        public_id=f"U{user_id}",
        name=f"Person {user_id}",
        in_force=True,
        powers=powers or (Power(REVIEWER, 1, ""),),
        functions={"review_transfer": True, "release_transfer": True},
        certificate=Standing.GOOD,
    )
    return replace(found, **changes)  # type: ignore[arg-type]


def reasons(act: Act, who: Person, case: Case = CASE) -> tuple[Reason, ...]:
    return resolve(case, (who,)).reasons(act, who.user_id)


# --- one reason at a time ------------------------------------------------------------------------


@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize("act", [Act.REVIEW, Act.RETURN, Act.REJECT])
def test_whom_nothing_hinders_may_review_return_and_reject(act: Act) -> None:
    assert reasons(act, person()) == ()


MAY_NOT: dict[Reason, tuple[Act, Person, Case]] = {
    Reason.NOT_PENDING: (Act.REVIEW, person(), replace(CASE, state=RequestState.RETURNED)),
    Reason.OTHER_STAGE: (Act.RELEASE, person(ANN, Power(RELEASER, 0, "")), CASE),
    Reason.IS_MAKER: (Act.REVIEW, person(MAKER), CASE),
    Reason.IS_CONCERNED: (Act.REVIEW, person(), replace(CASE, concerned=f"U{ANN}")),
    Reason.ALREADY_ACTED: (
        Act.REVIEW,
        person(ANN, Power(REVIEWER, 1, ""), Power(REVIEWER, 2, "")),
        replace(CASE, taken=(Taken(ANN, 1, "review", ""),)),
    ),
    Reason.NOT_IN_FORCE: (Act.REVIEW, person(in_force=False), CASE),
    Reason.WRONG_ROLE: (Act.REVIEW, person(ANN, Power(REVIEWER, 2, "")), CASE),
    Reason.GROUP_FILLED: (
        Act.REVIEW,
        person(ANN, Power(REVIEWER, 1, "A")),
        replace(
            CASE,
            stages=(replace(FIRST, needed=2, groups=("A", "B")),),
            taken=(Taken(BOB, 1, "review", "A"),),
        ),
    ),
    Reason.NO_ACCOUNT_RIGHT: (Act.REVIEW, person(functions={"release_transfer": True}), CASE),
    Reason.OVER_OWN_LIMIT: (Act.REVIEW, person(functions={"review_transfer": False}), CASE),
    Reason.NO_CERTIFICATE: (Act.REVIEW, person(certificate=Standing.NONE), CASE),
    Reason.CERTIFICATE_SUSPENDED: (Act.REVIEW, person(certificate=Standing.SUSPENDED), CASE),
}


@pytest.mark.req("DUAL-2", "FLOW-4")
@pytest.mark.parametrize("reason", list(Reason))
def test_each_reason_alone_is_enough_to_hinder(reason: Reason) -> None:
    act, who, case = MAY_NOT[reason]
    assert reasons(act, who, case) == (reason,)


@pytest.mark.req("FLOW-4")
def test_every_reason_is_told_not_only_the_first() -> None:
    nobody = person(
        MAKER, Power(RELEASER, 0, ""), in_force=False, functions={}, certificate=Standing.NONE
    )
    assert reasons(Act.REVIEW, nobody) == (
        Reason.IS_MAKER,
        Reason.NOT_IN_FORCE,
        Reason.WRONG_ROLE,
        Reason.NO_ACCOUNT_RIGHT,
        Reason.NO_CERTIFICATE,
    )


def test_somebody_the_company_does_not_know_has_the_wrong_role() -> None:
    assert resolve(CASE, (person(),)).reasons(Act.REVIEW, 99) == (Reason.WRONG_ROLE,)


# --- levels, stages, two roles -------------------------------------------------------------------


@pytest.mark.req("FLOW-1")
@pytest.mark.parametrize("level", [0, 1, 2, 3])
@pytest.mark.parametrize("role", [REVIEWER, RELEASER])
def test_only_the_role_and_level_of_the_stage_counts(role: str, level: int) -> None:
    may = reasons(Act.REVIEW, person(ANN, Power(role, level, ""))) == ()
    assert may is ((role, level) == (REVIEWER, 1))


@pytest.mark.req("FLOW-1")
def test_stages_open_one_after_the_other() -> None:
    one, two = person(ANN), person(BOB, Power(REVIEWER, 2, ""))
    last = person(CAT, Power(RELEASER, 0, ""))
    everyone = (one, two, last)
    taken: tuple[Taken, ...] = ()
    for number, who in enumerate(everyone, 1):
        resolution = resolve(replace(CASE, taken=taken), everyone)
        assert resolution.current is not None
        assert resolution.current.spec.number == number
        act = Act.RELEASE if number == 3 else Act.REVIEW
        assert [p.user_id for p in everyone if act in resolution.acts(p.user_id)] == [who.user_id]
        taken += (Taken(who.user_id, number, str(act), ""),)
    done = resolve(replace(CASE, taken=taken), everyone)
    assert done.current is None
    assert all(stage.complete for stage in done.stages)


@pytest.mark.req("DUAL-2")
def test_who_reviewed_cannot_release_though_granted_both() -> None:
    both = person(ANN, Power(REVIEWER, 1, ""), Power(RELEASER, 0, ""))
    case = replace(CASE, stages=(FIRST, replace(RELEASE, number=2)))
    assert reasons(Act.REVIEW, both, case) == ()
    after = replace(case, taken=(Taken(ANN, 1, "review", ""),))
    assert reasons(Act.RELEASE, both, after) == (Reason.ALREADY_ACTED,)


@pytest.mark.req("DUAL-2")
def test_an_editor_of_any_revision_never_decides_whatever_they_are_granted() -> None:
    case = replace(CASE, editors=frozenset({MAKER, ANN}))
    for act in DECISIONS:
        found = reasons(act, person(ANN), case)
        assert found
        assert Reason.IS_MAKER in found or act == Act.RELEASE


@pytest.mark.parametrize("state", [s for s in RequestState if s != RequestState.PENDING])
def test_nothing_is_decided_outside_pending(state: RequestState) -> None:
    resolution = resolve(replace(CASE, state=state), (person(),))
    assert resolution.acts(ANN) == ()
    assert resolution.current is None


@pytest.mark.parametrize("state", list(RequestState))
@pytest.mark.parametrize("act", list(Act))
def test_the_resolver_asks_the_machines_own_table(act: Act, state: RequestState) -> None:
    assert allowed_by_state(act, state) is (state in REQUEST_VERBS[act].sources)


# --- several people and groups -------------------------------------------------------------------

PAIR = replace(CASE, stages=(replace(FIRST, needed=2, groups=("A", "B")),))
ANN_A, BOB_B = person(ANN, Power(REVIEWER, 1, "A")), person(BOB, Power(REVIEWER, 1, "B"))
CAT_A, DAN_NONE = person(CAT, Power(REVIEWER, 1, "A")), person(DAN)
TEAM = (ANN_A, BOB_B, CAT_A, DAN_NONE)


def eligible(case: Case, everyone: tuple[Person, ...] = TEAM) -> list[int]:
    resolution = resolve(case, everyone)
    return [p.user_id for p in resolution.current.eligible] if resolution.current else []


@pytest.mark.req("FLOW-1")
def test_one_of_a_and_one_of_b() -> None:
    assert eligible(PAIR) == [ANN, BOB, CAT]
    assert eligible(replace(PAIR, taken=(Taken(ANN, 1, "review", "A"),))) == [BOB]
    assert eligible(replace(PAIR, taken=(Taken(BOB, 1, "review", "B"),))) == [ANN, CAT]
    both = (Taken(ANN, 1, "review", "A"), Taken(BOB, 1, "review", "B"))
    assert resolve(replace(PAIR, taken=both), TEAM).current is None


@pytest.mark.req("FLOW-1")
def test_two_people_one_of_them_of_a() -> None:
    case = replace(CASE, stages=(replace(FIRST, needed=2, groups=("A",)),))
    assert eligible(case) == [ANN, BOB, CAT, DAN]
    assert eligible(replace(case, taken=(Taken(DAN, 1, "review", ""),))) == [ANN, CAT]
    assert eligible(replace(case, taken=(Taken(ANN, 1, "review", "A"),))) == [BOB, CAT, DAN]


@pytest.mark.req("FLOW-1")
def test_two_of_anybody_are_two_different_people() -> None:
    case = replace(CASE, stages=(replace(FIRST, needed=2),))
    after = replace(case, taken=(Taken(ANN, 1, "review", ""),))
    assert eligible(after) == [BOB, CAT, DAN]


@pytest.mark.parametrize(
    ("who", "open_groups", "place"),
    [
        (ANN_A, ("A", "B"), "A"),
        (BOB_B, ("A", "B"), "B"),
        (DAN_NONE, ("A",), ""),
        (ANN_A, (), ""),
        (ANN_A, ("B",), ""),
    ],
)
def test_a_person_takes_the_place_of_their_group(
    who: Person, open_groups: tuple[str, ...], place: str
) -> None:
    stage = resolve(PAIR, TEAM).stages[0]
    assert group_for(replace(stage, open_groups=open_groups), who) == place


@pytest.mark.req("FLOW-1")
def test_somebody_of_two_groups_leaves_the_place_a_colleague_needs() -> None:
    both = person(CAT, Power(REVIEWER, 1, "A"), Power(REVIEWER, 1, "B"))
    with_a = resolve(PAIR, (both, ANN_A)).stages[0]
    with_b = resolve(PAIR, (both, BOB_B)).stages[0]
    assert group_for(with_a, both) == "B"
    assert group_for(with_b, both) == "A"


def test_a_group_of_another_level_does_not_count() -> None:
    who = person(ANN, Power(REVIEWER, 2, "A"), Power(REVIEWER, 1, ""))
    assert eligible(PAIR, (who,)) == []
    assert reasons(Act.REVIEW, who, PAIR) == (Reason.GROUP_FILLED,)


# --- can it ever be completed? (ENT-4) -----------------------------------------------------------


def blocked(case: Case, *everyone: Person) -> int | None:
    stage = resolve(case, everyone).blocked_stage()
    return stage.spec.number if stage else None


TWO_STAGES = replace(CASE, stages=(FIRST, replace(RELEASE, number=2)))
BOTH = (Power(REVIEWER, 1, ""), Power(RELEASER, 0, ""))


@pytest.mark.req("ENT-4")
@pytest.mark.parametrize(
    ("everyone", "stage"),
    [
        ((), 1),
        ((person(MAKER, *BOTH),), 1),
        ((person(ANN),), 2),
        ((person(ANN, Power(RELEASER, 0, "")),), 1),
        # One person for two stages is one too few, whoever the two stages would take.
        ((person(ANN, *BOTH),), 2),
        ((person(ANN, *BOTH), person(MAKER, *BOTH)), 2),
        ((person(ANN, *BOTH), person(BOB, *BOTH)), None),
        ((person(ANN, *BOTH), person(BOB)), None),
        ((person(ANN), person(BOB, Power(RELEASER, 0, ""))), None),
        ((person(ANN), person(BOB, Power(RELEASER, 0, ""), in_force=False)), 2),
    ],
)
def test_a_stage_with_too_few_people_is_found_across_stages(
    everyone: tuple[Person, ...], stage: int | None
) -> None:
    assert blocked(TWO_STAGES, *everyone) == stage


@pytest.mark.req("ENT-4")
def test_places_of_groups_need_different_people() -> None:
    all_in_one = person(ANN, Power(REVIEWER, 1, "A"), Power(REVIEWER, 1, "B"))
    assert blocked(PAIR, all_in_one) == 1
    assert blocked(PAIR, all_in_one, CAT_A) is None
    assert blocked(PAIR, ANN_A, CAT_A) == 1
    assert blocked(PAIR, ANN_A, DAN_NONE) == 1


@pytest.mark.req("ENT-4")
def test_what_is_done_needs_nobody_any_more() -> None:
    after = replace(TWO_STAGES, taken=(Taken(ANN, 1, "review", ""),))
    assert blocked(after, person(ANN), person(BOB, Power(RELEASER, 0, ""))) is None
    assert blocked(after, person(ANN, *BOTH)) == 2


# --- for any company, any flow, any past ---------------------------------------------------------

POWERS = st.builds(
    Power,
    st.sampled_from([REVIEWER, RELEASER]),
    st.integers(0, 2),
    st.sampled_from(["", "A", "B"]),
)
PEOPLE = st.lists(
    st.builds(
        Person,
        user_id=st.integers(1, 6),
        public_id=st.just("U"),
        name=st.just("P"),
        in_force=st.booleans(),
        powers=st.lists(POWERS, max_size=3).map(tuple),
        functions=st.dictionaries(
            st.sampled_from(["review_transfer", "release_transfer"]), st.booleans()
        ),
        certificate=st.sampled_from(Standing),
    ),
    max_size=6,
    unique_by=lambda found: found.user_id,
).map(tuple)


def stages_of(rows: list[tuple[str, int, int]]) -> tuple[StageSpec, ...]:
    """Return stages of acts, levels and numbers of people; each wants one place less by group."""
    roles = {"review": REVIEWER, "release": RELEASER}
    return tuple(
        StageSpec(n, act, roles[act], level, needed, ("A", "B")[: needed - 1])
        for n, (act, level, needed) in enumerate(rows, 1)
    )


STAGES = st.lists(
    st.tuples(st.sampled_from(["review", "release"]), st.integers(0, 2), st.integers(1, 3)),
    min_size=1,
    max_size=3,
).map(stages_of)
CASES = st.builds(
    Case,
    state=st.sampled_from(RequestState),
    editors=st.frozensets(st.integers(1, 6), max_size=2),
    stages=STAGES,
    taken=st.just(()),
    functions=st.just(FUNCTIONS),
)


@pytest.mark.req("FLOW-4")
@given(CASES, PEOPLE)
def test_a_person_is_eligible_exactly_when_there_is_no_reason_against(
    case: Case, everyone: tuple[Person, ...]
) -> None:
    resolution = resolve(case, everyone)
    for stage in resolution.stages:
        may = {p.user_id for p in stage.eligible}
        may_not = {o.person.user_id for o in stage.obstacles}
        assert may | may_not == {p.user_id for p in everyone}
        assert not may & may_not
        assert all(obstacle.reasons for obstacle in stage.obstacles)
        assert not may & case.editors
    for one in everyone:
        for act in DECISIONS:
            free = not resolution.reasons(act, one.user_id)
            assert free is (act in resolution.acts(one.user_id))
            if free:
                assert resolution.current is not None
                assert one in resolution.current.eligible


@pytest.mark.req("DUAL-2", "FLOW-1")
@given(CASES, PEOPLE, st.data())
def test_no_person_ever_fills_two_places(
    case: Case, everyone: tuple[Person, ...], data: st.DataObject
) -> None:
    case = replace(case, state=RequestState.PENDING)
    for _step in range(12):
        resolution = resolve(case, everyone)
        if resolution.current is None or not resolution.current.eligible:
            break
        who = data.draw(st.sampled_from(resolution.current.eligible))
        spec = resolution.current.spec
        taken = Taken(who.user_id, spec.number, spec.act, group_for(resolution.current, who))
        case = replace(case, taken=(*case.taken, taken))
    users = [taken.user_id for taken in case.taken]
    assert len(users) == len(set(users))
    assert not set(users) & case.editors
    _nothing_left_out(case, resolve(case, everyone))


def _nothing_left_out(case: Case, resolution: Resolution) -> None:
    """Insist that a stage that counts as complete has its number and its groups."""
    for stage in resolution.stages:
        if stage.complete:
            acted = [taken for taken in case.taken if taken.stage == stage.spec.number]
            assert len(acted) == stage.spec.needed
            assert set(stage.spec.groups) <= {taken.group for taken in acted}
