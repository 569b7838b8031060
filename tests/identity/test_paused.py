"""A pause is felt inside a session too: no password is right there, no count begins anew."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import transaction

from alerts.models import Message
from audit.models import Entry
from identity.models import ContactPoint, Session, User
from identity.operations import (
    PasswordOutcome,
    change_password,
    check_authorisation_code_step,
    choose_first_password,
    choose_login_name,
    set_authorisation_code,
    unlock_step,
    want_contact,
)
from identity.policies import Factor
from identity.states import UserState
from tests.factories.door import attempt
from tests.factories.newcomers import NEW_CODE, NEW_NAME, NEW_PASSWORD, begin_anew
from tests.factories.threads import at_once
from tests.factories.world import PASSWORD, World

pytestmark = pytest.mark.req("AUTH-2")
LOGIN = "maker01"


def loaded(world: World) -> User:
    """Return a person as a session loaded them, who has given only their password."""
    user = world.holder(LOGIN, card=False).act_as(world.now)
    user.factor = Factor.PASSWORD
    return user


def pause(user: User) -> None:
    """Pause a person by three wrong passwords that somebody gave elsewhere."""
    paused = User.objects.get(pk=user.pk)
    paused.pause()
    paused.wrong_passwords = 3
    paused.save()


def stored(user: User) -> tuple[str, int, str]:
    """Return a person's state, count and hash."""
    found = User.objects.get(pk=user.pk)
    return found.state, found.wrong_passwords, found.password


def test_a_paused_person_changes_no_password_with_the_right_one(world: World) -> None:
    user = loaded(world)
    pause(user)
    outcome = change_password(actor=user, old=PASSWORD, new=NEW_PASSWORD, now=world.now)
    assert outcome == PasswordOutcome.WRONG_PASSWORD
    assert stored(user) == (UserState.PAUSED, 4, user.password)


@pytest.mark.parametrize("factor", [Factor.PASSWORD, Factor.CARD])
def test_a_paused_person_asks_for_no_other_address(world: World, factor: Factor) -> None:
    user = loaded(world)
    user.factor = factor
    pause(user)
    sent = want_contact(
        actor=user, channel="sms", address="+886933222111", password=PASSWORD, has_card=False,
        now=world.now,
    )  # fmt: skip
    assert sent is None
    assert stored(user) == (UserState.PAUSED, 4, user.password)
    assert not ContactPoint.objects.exclude(wanted_address="").exists()
    assert not Message.objects.filter(event="identity.contact.asked").exists()


def test_a_paused_newcomer_replaces_no_first_password(world: World) -> None:
    attempt(world)
    user = begin_anew(loaded(world))
    choose_login_name(actor=user, login_name=NEW_NAME, now=world.now)
    pause(user)
    chosen = choose_first_password(
        actor=user, key_sha256=Session.objects.get(user=user).pk, old=PASSWORD, new=NEW_PASSWORD,
        now=world.now,
    )  # fmt: skip
    assert chosen.outcome == PasswordOutcome.WRONG_PASSWORD
    assert stored(user) == (UserState.PAUSED, 4, user.password)


def test_a_first_password_of_one_s_own_begins_no_count_anew(world: World) -> None:
    attempt(world)
    user = begin_anew(loaded(world))
    choose_login_name(actor=user, login_name=NEW_NAME, now=world.now)
    User.objects.filter(pk=user.pk).update(wrong_passwords=2)
    chosen = choose_first_password(
        actor=user, key_sha256=Session.objects.get(user=user).pk, old=PASSWORD, new=NEW_PASSWORD,
        now=world.now,
    )  # fmt: skip
    assert chosen.outcome == PasswordOutcome.CHANGED
    assert stored(user)[:2] == (UserState.ACTIVE, 2)


def test_of_guesses_side_by_side_in_sessions_none_after_the_third_opens_anything(
    open_world: World,
) -> None:
    user = loaded(open_world)

    def change(old: str) -> PasswordOutcome:
        return change_password(actor=user, old=old, new=NEW_PASSWORD, now=open_world.now)

    at_once([partial(change, "wrong")] * 5)
    outcomes = at_once([partial(change, PASSWORD)] * 3)
    assert outcomes == [PasswordOutcome.WRONG_PASSWORD] * 3
    assert stored(user) == (UserState.PAUSED, 8, user.password)


@pytest.mark.req("SES-2")
def test_a_pause_ends_the_session_and_unlocking_brings_none_back(world: World) -> None:
    attempt(world)
    user = loaded(world)
    for _ in range(3):
        change_password(actor=user, old="wrong", new=NEW_PASSWORD, now=world.now)
    session = Session.objects.get(user=user)
    assert (session.ended_at, session.ended_why) == (world.now, "paused")
    entry = Entry.objects.get(event="identity.session.ended")
    assert (entry.target, entry.reason) == (f"user:{user.public_id}", "paused")


@pytest.mark.req("SES-2")
def test_unlocking_ends_a_session_that_a_pause_left_open(world: World) -> None:
    attempt(world)
    user = loaded(world)
    pause(user)
    with transaction.atomic():
        unlock_step(user_id=user.pk, actor=user, reason="U1", now=world.now)
    assert Session.objects.get(user=user).ended_why == "paused"


@pytest.mark.req("SES-2", "DUAL-7")
def test_wrong_authorisation_codes_end_the_session_as_they_pause(world: World) -> None:
    user = world.officer("branch011").act_as(world.now)
    set_authorisation_code(actor=user, code=NEW_CODE, now=world.now)
    attempt(world, site="staff", company_code="", login_name="branch011")
    for _ in range(3):
        check_authorisation_code_step(user=user, typed="wrong-code-9", now=world.now)
    assert Session.objects.get(user=user).ended_why == "paused"
