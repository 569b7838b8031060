"""What a supervisor sees before taking a certificate out of force, on a real company (CERT-9)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.models import Request
from approvals.operations import withdraw
from approvals.policies.impact import Outcome
from approvals.queries.impact import impact_digest, impact_of
from certificates import operations as certificates
from certificates.queries import signing_certificate
from kernel import ids
from tests.approvals.stories import maker
from tests.factories.counting import counted_statements
from tests.factories.world import World, decide, submit

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-9")]


def suspend(world: World, login: str) -> None:
    found = signing_certificate(world.first.people[login].pk)
    assert found is not None
    certificates.suspend(serial_number=found.serial_number, actor=None, now=world.now)


def test_a_colleague_who_stands_in_is_named(world: World) -> None:
    reference = submit(world, maker(world), 5_000)
    (found,) = impact_of(world.first.people["release1"].pk, now=world.now)
    assert found.reference == reference
    assert found.outcome == Outcome.GOES_ON
    assert found.stand_ins == ("蔡宗翰",)


def test_what_stops_says_why_nobody_stands_in(world: World) -> None:
    reference = submit(world, maker(world), 5_000)
    suspend(world, "release2")
    (found,) = impact_of(world.first.people["release1"].pk, now=world.now)
    assert (found.reference, found.stops, found.stand_ins) == (reference, True, ())
    assert [near.name for near in found.near] == ["蔡宗翰"]
    assert found.near[0].reason
    assert found.deadline == Request.objects.get(reference=reference).deadline


def test_what_stops_comes_first(world: World) -> None:
    submit(world, maker(world), 5_000)
    large = submit(world, maker(world), 20_000)
    # The first reviewer of two; the only second reviewer.
    suspend(world, "review1b")
    found = impact_of(world.first.people["review1a"].pk, now=world.now)
    assert [(one.reference, one.outcome) for one in found] == [(large, Outcome.STOPS)]


def test_a_stage_that_was_passed_needs_nobody_any_more(world: World) -> None:
    reference = submit(world, maker(world), 20_000)
    reviewer = world.holder("review1a")
    assert [one.reference for one in impact_of(reviewer.user.pk, now=world.now)] == [reference]
    decide(world, reviewer, reference, "review")
    assert impact_of(reviewer.user.pk, now=world.now) == []
    assert impact_of(world.first.people["review1b"].pk, now=world.now) == []


def test_ended_and_overdue_requests_are_left_out(world: World) -> None:
    one, two = submit(world, maker(world), 5_000), submit(world, maker(world), 5_000)
    actor = maker(world).act_as(world.now)
    withdraw(actor=actor, reference=one, form_key=ids.token(), now=world.now)
    releaser = world.first.people["release1"].pk
    assert [found.reference for found in impact_of(releaser, now=world.now)] == [two]
    late = Request.objects.get(reference=two).deadline + timedelta(seconds=1)
    assert impact_of(releaser, now=late) == []


def test_makers_strangers_and_people_of_the_bank_have_no_part(world: World) -> None:
    submit(world, maker(world), 5_000)
    for user in (
        world.first.people["maker01"],
        world.first.people["security2"],
        world.second.people["release1"],
        world.staff["branch001"],
    ):
        assert impact_of(user.pk, now=world.now) == []


def test_the_digest_changes_with_what_was_said(world: World) -> None:
    releaser = world.first.people["release1"].pk
    submit(world, maker(world), 5_000)
    before = impact_digest(impact_of(releaser, now=world.now))
    assert before == impact_digest(impact_of(releaser, now=world.now))
    suspend(world, "release2")
    after = impact_digest(impact_of(releaser, now=world.now))
    assert after != before
    assert impact_digest([]) not in {before, after}


def test_each_request_more_costs_one_statement(world: World) -> None:
    releaser = world.first.people["release1"].pk
    counts = []
    for _ in range(3):
        submit(world, maker(world), 5_000)
        with counted_statements() as made:
            impact_of(releaser, now=world.now)
        counts.append(len(made))
    assert counts == [6, 7, 8]
