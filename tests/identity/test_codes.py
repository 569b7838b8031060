"""Codes over more than one message: guesses counted by the day, sendings one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest
from django.db import transaction

from identity.errors.codes import TooManyWrongCodes
from identity.models import OneTimeCode, User
from identity.operations import CodeOutcome, Purpose, SentCode, send_code_step, take_code_step
from tests.factories.newcomers import sent_code, wrong_code
from tests.factories.threads import at_once
from tests.factories.world import World

pytestmark = pytest.mark.req("AUTH-7", "DEL-3")


def person(world: World) -> User:
    """Return who codes are sent to."""
    people = User.objects.select_related("company", "unit")
    return people.get(pk=world.first.people["maker01"].pk)


def send(user: User, now: datetime, purpose: str = Purpose.CONTACT) -> SentCode:
    """Send a code."""
    with transaction.atomic():
        return send_code_step(user=user, purpose=purpose, now=now)


def take(user: User, typed: str, now: datetime) -> CodeOutcome:
    """Type a code."""
    with transaction.atomic():
        return take_code_step(user=user, purpose=Purpose.CONTACT, typed=typed, now=now)


def guess(user: User, now: datetime) -> list[CodeOutcome]:
    """Have a code sent and guess until it is gone."""
    send(user, now)
    wrong, outcomes = wrong_code(sent_code(user)), []
    while CodeOutcome.GONE not in outcomes:
        outcomes.append(take(user, wrong, now))
    return outcomes


def test_ten_wrong_codes_in_a_day_are_enough_however_many_were_sent(world: World) -> None:
    user = person(world)
    tries = [len(guess(user, world.now + timedelta(minutes=minute))) for minute in range(4)]
    assert tries == [3, 3, 3, 1]
    later = world.now + timedelta(hours=24)
    with pytest.raises(TooManyWrongCodes):
        send(user, later)
    assert send(user, later, Purpose.TRANSACTION)
    tomorrow = later + timedelta(minutes=10)
    send(user, tomorrow)
    assert take(user, sent_code(user), tomorrow) == CodeOutcome.RIGHT


def test_a_code_that_is_open_is_gone_with_the_tenth_wrong_one(world: World) -> None:
    user = person(world)
    send(user, world.now)
    OneTimeCode.objects.create(
        user=user, purpose=Purpose.CONTACT, code_hmac="-", channel="sms", tries_left=0,
        wrong_tries=10, created_at=world.now, expires_at=world.now + timedelta(minutes=5),
        closed_at=world.now,
    )  # fmt: skip
    assert take(user, sent_code(user), world.now) == CodeOutcome.GONE


def test_a_right_code_is_not_held_against_anybody(world: World) -> None:
    user = person(world)
    for _ in range(12):
        send(user, world.now)
        assert take(user, sent_code(user), world.now) == CodeOutcome.RIGHT


def test_codes_sent_at_the_same_moment_are_all_sent_and_one_is_good(open_world: World) -> None:
    user = person(open_world)
    sent = at_once([partial(send, user, open_world.now)] * 6)
    assert all(isinstance(one, SentCode) for one in sent)
    assert OneTimeCode.objects.filter(user=user).count() == 6
    assert OneTimeCode.objects.filter(user=user, closed_at__isnull=True).count() == 1
