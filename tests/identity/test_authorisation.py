"""The supervisor authorisation code: who sets one, and what wrong ones lead to."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from alerts.models import Message
from audit.models import Entry
from audit.operations import OutsideTransaction
from identity.errors import PermissionMissing, StepUpNeeded
from identity.models import User
from identity.operations import (
    AuthorisationOutcome,
    check_authorisation_code_step,
    set_authorisation_code,
    unlock_step,
)
from identity.policies import Factor
from identity.states import UserState
from tests.factories.newcomers import NEW_CODE
from tests.factories.threads import at_once
from tests.factories.world import World

pytestmark = pytest.mark.django_db
OTHER_CODE = "Another#2071"


@pytest.fixture
def checker(world: World) -> User:
    """Return a checker of a branch with a code."""
    user = world.officer("branch011").act_as(world.now)
    set_authorisation_code(actor=user, code=NEW_CODE, now=world.now)
    return user


def check(user: User, typed: str, world: World) -> AuthorisationOutcome:
    """Type a code."""
    return check_authorisation_code_step(user=user, typed=typed, now=world.now)


@pytest.mark.req("DUAL-7", "PWD-3")
def test_a_code_is_a_hash_and_the_right_one_is_known(world: World, checker: User) -> None:
    kept = User.objects.get(pk=checker.pk).authorisation_code
    assert kept.startswith("argon2$argon2id$")
    assert NEW_CODE not in kept
    assert check(checker, NEW_CODE, world) == AuthorisationOutcome.RIGHT
    assert not Entry.objects.filter(after__icontains="argon2").exists()


@pytest.mark.req("DUAL-7", "AUTH-2")
def test_as_many_wrong_codes_as_passwords_pause(world: World, checker: User) -> None:
    outcomes = [check(checker, "wrong-code-9", world) for _ in range(4)]
    wrong, paused = AuthorisationOutcome.WRONG, AuthorisationOutcome.PAUSED
    assert outcomes == [wrong, wrong, paused, paused]
    assert check(checker, NEW_CODE, world) == paused
    assert User.objects.get(pk=checker.pk).state == UserState.PAUSED
    told = Message.objects.filter(recipient_key=checker.public_id, event="identity.user.paused")
    assert set(told.values_list("channel", flat=True)) == {"sms", "email"}


@pytest.mark.req("DUAL-7")
def test_a_right_code_begins_the_count_anew(world: World, checker: User) -> None:
    for _ in range(2):
        for _ in range(2):
            assert check(checker, "wrong-code-9", world) == AuthorisationOutcome.WRONG
        assert check(checker, NEW_CODE, world) == AuthorisationOutcome.RIGHT


@pytest.mark.req("DUAL-7")
def test_whoever_has_none_cannot_give_one(world: World) -> None:
    user = world.officer("branch012").act_as(world.now)
    assert check(user, "", world) == AuthorisationOutcome.NOT_SET


@pytest.mark.req("DUAL-7")
@pytest.mark.parametrize("login", ["branch001", "security01", "auditor001"])
def test_whoever_is_no_checker_sets_none(world: World, login: str) -> None:
    with pytest.raises(PermissionMissing):
        set_authorisation_code(
            actor=world.officer(login).act_as(world.now), code=NEW_CODE, now=world.now
        )


@pytest.mark.req("DUAL-7")
def test_a_checker_of_a_company_sets_none(world: World) -> None:
    user = world.holder("security2", card=False).act_as(world.now)
    with pytest.raises(PermissionMissing):
        set_authorisation_code(actor=user, code=NEW_CODE, now=world.now)


@pytest.mark.req("AUTH-5", "DUAL-7")
def test_a_password_alone_changes_no_code(world: World, checker: User) -> None:
    checker.factor = Factor.PASSWORD
    with pytest.raises(StepUpNeeded):
        set_authorisation_code(actor=checker, code=OTHER_CODE, now=world.now)


def renew(user: User, world: World, old: str, code: str = OTHER_CODE) -> AuthorisationOutcome:
    """Set another code."""
    later = world.now + timedelta(minutes=1)
    return set_authorisation_code(actor=user, code=code, old=old, now=later)


@pytest.mark.req("DUAL-7", "AUTH-2")
def test_whoever_replaces_a_code_gives_the_old_one_and_wrong_ones_count(
    world: World, checker: User
) -> None:
    assert check(checker, "wrong-code-9", world) == AuthorisationOutcome.WRONG
    assert renew(checker, world, "") == AuthorisationOutcome.WRONG
    assert User.objects.get(pk=checker.pk).wrong_codes == 2
    assert renew(checker, world, NEW_CODE) == AuthorisationOutcome.RIGHT
    # The right one gives nobody new guesses; a release does, which comes with a signature.
    assert User.objects.get(pk=checker.pk).wrong_codes == 2
    assert renew(checker, world, NEW_CODE) == AuthorisationOutcome.PAUSED
    assert User.objects.get(pk=checker.pk).state == UserState.PAUSED
    assert renew(checker, world, OTHER_CODE) != AuthorisationOutcome.RIGHT


@pytest.mark.req("DUAL-7", "AUTH-6")
def test_a_new_code_is_told_on_every_channel_and_a_refused_one_is_not(
    world: World, checker: User
) -> None:
    told = Message.objects.filter(
        recipient_key=checker.public_id, event="identity.user.authorisation_code_changed"
    )
    first = set(told.values_list("pk", flat=True))
    renew(checker, world, "wrong-code-9")
    assert set(told.values_list("pk", flat=True)) == first
    renew(checker, world, NEW_CODE)
    fresh = told.exclude(pk__in=first)
    assert set(fresh.values_list("channel", flat=True)) == {"sms", "email"}


@pytest.mark.req("DUAL-7", "AUTH-1")
def test_setting_a_code_tells_nobody_whether_it_is_the_password(
    world: World, checker: User
) -> None:
    checker.set_password("Sturdy-Heron-44")
    User.objects.filter(pk=checker.pk).update(password=checker.password)
    assert renew(checker, world, NEW_CODE, "Sturdy-Heron-44") == AuthorisationOutcome.RIGHT


@pytest.mark.req("DUAL-7", "AUTH-2")
def test_of_guesses_at_the_old_code_side_by_side_three_are_heard(open_world: World) -> None:
    user = open_world.officer("branch011").act_as(open_world.now)
    set_authorisation_code(actor=user, code=NEW_CODE, now=open_world.now)
    outcomes = at_once([partial(renew, user, open_world, "wrong-code-9")] * 4)
    assert AuthorisationOutcome.RIGHT not in outcomes
    assert renew(user, open_world, NEW_CODE) == AuthorisationOutcome.PAUSED
    assert User.objects.get(pk=user.pk).state == UserState.PAUSED


@pytest.mark.django_db(transaction=True)
def test_checking_insists_on_being_part_of_an_act() -> None:
    with pytest.raises(OutsideTransaction):
        check_authorisation_code_step(user=User(), typed="x", now=None)  # type: ignore[arg-type]


@pytest.mark.req("DUAL-7", "AUTH-2")
def test_unlocking_begins_the_count_of_codes_anew(world: World, checker: User) -> None:
    for _ in range(3):
        outcome = check(checker, "wrong-code-9", world)
    assert outcome == AuthorisationOutcome.PAUSED
    helper = world.officer("branchsec2").act_as(world.now)
    with transaction.atomic():
        unlock_step(user_id=checker.pk, actor=helper, reason="Q1", now=world.now)
    assert check(checker, "wrong-code-9", world) == AuthorisationOutcome.WRONG
