"""A form acts once, however often it is sent (TRF-8)."""

from __future__ import annotations

import pytest
from django.db import transaction

from audit.errors import OutsideTransaction
from identity.models import FormPost
from identity.operations import claim_form
from identity.queries import earlier_outcome
from tests.factories.threads import at_once
from tests.factories.world import World

pytestmark = pytest.mark.req("TRF-8")


def claim(world: World, login: str, outcome: str, key: str = "key-1") -> str:
    with transaction.atomic():
        actor = world.first.people[login]
        return claim_form(actor=actor, key=key, outcome=outcome, now=world.now)


def test_the_first_sending_acts_and_every_later_one_learns_what_it_led_to(world: World) -> None:
    assert claim(world, "maker01", "T1") == ""
    assert claim(world, "maker01", "T2") == "T1"
    assert claim(world, "maker01", "T3") == "T1"
    assert FormPost.objects.count() == 1
    assert earlier_outcome(actor=world.first.people["maker01"], key="key-1") == "T1"


def test_keys_are_each_persons_own(world: World) -> None:
    assert claim(world, "maker01", "T1") == ""
    assert claim(world, "maker02", "T2") == ""
    assert earlier_outcome(actor=world.first.people["maker02"], key="key-1") == "T2"
    assert earlier_outcome(actor=world.first.people["review1a"], key="key-1") == ""


def test_another_form_is_another_act(world: World) -> None:
    assert claim(world, "maker01", "T1") == ""
    assert claim(world, "maker01", "T2", key="key-2") == ""


def test_a_form_whose_act_failed_may_be_sent_again(open_world: World) -> None:
    actor = open_world.first.people["maker01"]

    def fail() -> None:
        with transaction.atomic():
            assert claim_form(actor=actor, key="key-1", outcome="T1", now=open_world.now) == ""
            raise RuntimeError("the act failed")

    with pytest.raises(RuntimeError, match="the act failed"):
        fail()
    assert claim(open_world, "maker01", "T2") == ""


def test_claiming_is_a_step(open_world: World) -> None:
    with pytest.raises(OutsideTransaction):
        claim_form(
            actor=open_world.first.people["maker01"], key="k", outcome="T1", now=open_world.now
        )


def test_of_sixteen_sendings_at_the_same_moment_one_acts_and_all_learn_of_it(
    open_world: World,
) -> None:
    names = [f"T{number}" for number in range(16)]
    answers = at_once([lambda n=name: claim(open_world, "maker01", n) for name in names])  # type: ignore[misc]
    (kept,) = FormPost.objects.values_list("outcome", flat=True)
    assert answers.count("") == 1
    assert answers[names.index(kept)] == ""
    assert set(answers) == {"", kept}
