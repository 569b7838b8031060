"""What stops without one person's certificate, checked by playing every ending (CERT-9)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings, strategies as st

from approvals.policies.impact import Outcome, without_certificate
from approvals.policies.resolver import Case, Person, Power, Standing, Taken, group_for, resolve
from approvals.policies.rules import RELEASER, REVIEWER, StageSpec
from approvals.states import RequestState
from tests.approvals.test_policies_resolver import CASE, FUNCTIONS, person

pytestmark = pytest.mark.req("CERT-9")
ROLES = [(REVIEWER, 1), (REVIEWER, 2), (RELEASER, 0)]
ANN, BOB = 2, 3


def completes(case: Case, people: tuple[Person, ...]) -> bool:
    """Play every order of decisions to the end; tell whether one of them releases the request."""
    current = resolve(case, people).current
    if current is None:
        return True
    spec = current.spec
    return any(
        completes(
            replace(
                case,
                taken=(*case.taken, Taken(one.user_id, spec.number, spec.act, group)),
            ),
            people,
        )
        for one in current.eligible
        for group in [group_for(current, one)]
    )


powers = st.builds(
    lambda role, group: Power(role[0], role[1], group),
    st.sampled_from(ROLES),
    st.sampled_from(["", "A", "B"]),
)
crowds = st.lists(
    st.tuples(
        st.lists(powers, min_size=1, max_size=2),
        st.sampled_from([Standing.GOOD, Standing.GOOD, Standing.NONE, Standing.SUSPENDED]),
        st.booleans(),
    ),
    min_size=1,
    max_size=5,
).map(
    lambda rows: tuple(
        person(number, *held, certificate=standing, functions={
            "review_transfer": True, "release_transfer": enough,
        })
        for number, (held, standing, enough) in enumerate(rows, start=2)
    )
)  # fmt: skip
stages = st.builds(
    lambda first, count, grouped: (
        StageSpec(1, "review", first[0], first[1], count, ("A", "B")[:count] if grouped else ()),
        StageSpec(2, "release", RELEASER, 0, 1, ()),
    ),
    st.sampled_from([(REVIEWER, 1), (REVIEWER, 2)]),
    st.integers(1, 2),
    st.booleans(),
)


@given(crowd=crowds, flow=stages)
@settings(max_examples=300, deadline=None)
def test_stopping_is_what_playing_every_ending_finds(
    crowd: tuple[Person, ...], flow: tuple[StageSpec, ...]
) -> None:
    case = Case(RequestState.PENDING, frozenset({1}), flow, (), FUNCTIONS)
    for gone in crowd:
        rest = tuple(
            replace(one, certificate=Standing.NONE) if one is gone else one for one in crowd
        )
        found = without_certificate(case, crowd, gone.user_id)
        could, can = completes(case, crowd), completes(case, rest)
        if found is None:
            assert could == can
            assert not any(
                gone in stage.eligible for stage in resolve(case, crowd).stages if stage.missing
            )
        else:
            wanted = Outcome.GOES_ON if can else (Outcome.STOPS if could else Outcome.STUCK)
            assert found.outcome == wanted
            assert gone not in found.stand_ins
            assert gone.user_id not in {near.person.user_id for near in found.near}


def test_a_colleague_of_the_stage_stands_in() -> None:
    people = (
        person(ANN),
        person(BOB),
        person(4, Power(REVIEWER, 2, "")),
        person(5, Power(RELEASER, 0, "")),
    )
    found = without_certificate(CASE, people, ANN)
    assert found is not None
    assert found.outcome == Outcome.GOES_ON
    assert [one.user_id for one in found.stand_ins] == [BOB]


def test_without_a_colleague_it_stops_and_says_who_nearly_could() -> None:
    nearly = person(BOB, certificate=Standing.NONE)
    people = (
        person(ANN), nearly, person(1), person(4, Power(REVIEWER, 2, "")),
        person(5, Power(RELEASER, 0, "")),
    )  # fmt: skip
    found = without_certificate(CASE, people, ANN)
    assert found is not None
    assert found.outcome == Outcome.STOPS
    assert found.stand_ins == ()
    # The maker and people of other roles can never stand in and are not named.
    assert [near.person for near in found.near] == [nearly]


def test_who_has_decided_already_has_no_part_in_the_rest() -> None:
    case = replace(CASE, taken=(Taken(ANN, 1, "review", ""),))
    assert without_certificate(case, (person(ANN),), ANN) is None
