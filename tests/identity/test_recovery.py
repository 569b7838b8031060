"""Let in again: the pause lifted, or the password void and a code sent (AUTH-2, AUTH-9)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password
from django.db import transaction

from alerts.models import Message
from audit.errors import OutsideTransaction
from audit.models import Entry
from identity.errors import NowhereToSend, StandingChanged
from identity.models import ContactPoint, OneTimeCode, Session, User
from identity.operations import (
    SignInResult,
    renew_credentials_step,
    sign_in,
    unlock_step,
)
from identity.policies import SignInOutcome
from identity.states import UserState
from tests.factories.helping import code_sent_to, renew
from tests.factories.threads import at_once
from tests.factories.world import FIRST, PASSWORD, World

LOGIN = "maker01"


def person(world: World) -> User:
    return User.objects.select_related("company", "unit").get(pk=world.first.people[LOGIN].pk)


def put(world: World, *verbs: str, wrong_passwords: int = 0) -> User:
    user = person(world)
    for verb in verbs:
        getattr(user, verb)()
    user.wrong_passwords = wrong_passwords
    user.save()
    return user


def enter(world: World, password: str = PASSWORD) -> SignInResult:
    return sign_in(
        site="enterprise", company_code=FIRST.code, login_name=LOGIN, password=password,
        address="203.0.113.5", agent="Browser/1", now=world.now,
    )  # fmt: skip


def unlock(world: World, user: User) -> None:
    with transaction.atomic():
        unlock_step(
            user_id=user.pk, actor=world.first.people["security2"], reason="U1", now=world.now
        )


@pytest.mark.req("AUTH-2")
def test_unlocking_lets_the_person_in_and_counts_anew(world: World) -> None:
    user = put(world, "pause", wrong_passwords=17)
    unlock(world, user)
    found = person(world)
    assert (found.state, found.wrong_passwords) == (UserState.ACTIVE, 0)
    assert enter(world).outcome == SignInOutcome.SIGNED_IN
    told = Message.objects.filter(event="identity.user.unlocked")
    assert sorted(told.values_list("channel", flat=True)) == ["email", "sms"]
    entry = Entry.objects.get(event="identity.user.unlocked")
    assert entry.actor == world.first.people["security2"].public_id
    assert entry.target == f"user:{user.public_id}"
    assert entry.before == {"state": "PAUSED", "wrong_passwords": 17}


@pytest.mark.req("AUTH-2")
@pytest.mark.parametrize("verbs", [(), ("suspend",), ("close",)])
def test_only_a_pause_is_lifted(world: World, verbs: tuple[str, ...]) -> None:
    user = put(world, *verbs)
    with pytest.raises(StandingChanged):
        unlock(world, user)
    assert person(world).state == user.state
    assert not Message.objects.filter(event="identity.user.unlocked").exists()


@pytest.mark.req("AUTH-9")
@pytest.mark.parametrize("verbs", [(), ("pause",)])
def test_new_credentials_void_the_password_and_send_a_code(
    world: World, verbs: tuple[str, ...]
) -> None:
    user = put(world, *verbs, wrong_passwords=4 if verbs else 0)
    assert (enter(world).outcome == SignInOutcome.SIGNED_IN) == (not verbs)
    renew(world, user)
    found = person(world)
    assert (found.state, found.wrong_passwords) == (UserState.ACTIVE, 0)
    assert found.must_change_password
    assert not check_password(PASSWORD, found.password)
    assert not Session.objects.filter(ended_at__isnull=True).exists()
    assert enter(world).outcome == SignInOutcome.REFUSED
    assert OneTimeCode.objects.get(user=user, closed_at__isnull=True).channel == "sms"


@pytest.mark.req("AUTH-9")
def test_the_code_goes_to_the_phone_and_the_mail_tells_that_it_was_asked_for(world: World) -> None:
    user = person(world)
    code = renew(world, user)
    told = Message.objects.filter(recipient_key=user.public_id, event__startswith="identity.")
    assert sorted(told.values_list("event", "channel")) == [
        ("identity.code.activation", "sms"),
        ("identity.user.credentials_renewed", "email"),
    ]
    secret = Message.objects.get(event="identity.code.activation")
    assert secret.is_secret
    assert code not in Message.objects.get(event="identity.user.credentials_renewed").body
    log = [f"{row.before}{row.after}{row.reason}{row.target}" for row in Entry.objects.all()]
    assert not any(code in row for row in log)


@pytest.mark.req("AUTH-9")
@pytest.mark.parametrize("channels", [["sms"], ["sms", "email"]])
def test_whoever_has_no_phone_keeps_the_password(world: World, channels: list[str]) -> None:
    """Mail alone never opens a door."""
    user = person(world)
    ContactPoint.objects.filter(user=user, channel__in=channels).delete()
    with pytest.raises(NowhereToSend), transaction.atomic():
        renew_credentials_step(user_id=user.pk, actor=user, reason="N1", now=world.now)
    assert check_password(PASSWORD, person(world).password)


@pytest.mark.req("AUTH-9", "DEL-4")
@pytest.mark.parametrize("verb", ["suspend", "close"])
def test_nobody_suspended_or_gone_gets_new_credentials(world: World, verb: str) -> None:
    user = put(world, verb)
    with pytest.raises(StandingChanged), transaction.atomic():
        renew_credentials_step(user_id=user.pk, actor=user, reason="N1", now=world.now)
    assert check_password(PASSWORD, person(world).password)
    assert not OneTimeCode.objects.exists()


@pytest.mark.req("AUTH-9")
def test_a_second_request_makes_the_first_code_worthless(world: World) -> None:
    user = person(world)
    first = renew(world, user)
    second = renew(world, user, "N2")
    assert first != second == code_sent_to(user)
    assert OneTimeCode.objects.filter(user=user, closed_at__isnull=True).count() == 1


@pytest.mark.django_db(transaction=True)
def test_both_are_only_ever_part_of_a_larger_act(open_world: World) -> None:
    user = person(open_world)
    for step in (unlock_step, renew_credentials_step):
        with pytest.raises(OutsideTransaction):
            step(user_id=user.pk, actor=user, reason="U1", now=open_world.now)


@pytest.mark.req("AUTH-2")
def test_a_wrong_guess_at_the_moment_of_unlocking_is_counted_before_or_after(
    open_world: World,
) -> None:
    world = open_world
    user = put(world, "pause", wrong_passwords=3)
    outcomes = at_once([lambda: unlock(world, user), *[lambda: enter(world, "wrong")] * 4])
    assert len(outcomes) == 5
    found = person(world)
    # Those before the unlocking are forgotten with it, those after count from nothing.
    assert 0 <= found.wrong_passwords <= 4
    paused = found.wrong_passwords >= 3
    assert found.state == (UserState.PAUSED if paused else UserState.ACTIVE)
    assert Entry.objects.filter(event="identity.session.opened.refused").count() == 4


@pytest.mark.req("AUTH-9")
def test_a_code_lasts_as_long_as_the_policy_says(world: World) -> None:
    user = person(world)
    renew(world, user)
    code = OneTimeCode.objects.get(user=user)
    assert code.expires_at - code.created_at == timedelta(hours=24)
