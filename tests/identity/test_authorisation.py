"""The supervisor authorisation code: who sets one, and what wrong ones lead to."""

from __future__ import annotations

import pytest
from django.db import transaction

from alerts.models import Message
from audit.models import Entry
from audit.operations import OutsideTransaction
from identity.errors import CodeFault, PermissionMissing, StepUpNeeded, WeakAuthorisationCode
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
from tests.factories.world import World

pytestmark = pytest.mark.django_db


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
        set_authorisation_code(actor=checker, code="Another#2071", now=world.now)


@pytest.mark.req("DUAL-7")
def test_the_password_is_no_code(world: World, checker: User) -> None:
    checker.set_password("Sturdy-Heron-44")
    User.objects.filter(pk=checker.pk).update(password=checker.password)
    with pytest.raises(WeakAuthorisationCode) as refusal:
        set_authorisation_code(actor=checker, code="Sturdy-Heron-44", now=world.now)
    assert refusal.value.reason == CodeFault.PASSWORD


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
