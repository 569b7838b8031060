"""What the clock does to passwords: their holders are told before they end (PWD-1)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from alerts.models import Message
from identity.models import PasswordPolicy, User
from identity.operations import warn_password
from identity.queries import ending_passwords
from identity.states import UserState
from identity.tasks import warn_passwords
from kernel import clock
from kernel.clock import TAIPEI
from tests.factories.counting import counted_statements
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("PWD-1", "ALR-1")]
EVENT = "identity.password.expiring"
# Noon in Taipei, on the day the world of these stories tells its notices.
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=TAIPEI)


def set_ago(user: User, days: float, *, before: datetime = NOON) -> None:
    User.objects.exclude(pk=user.pk).update(password_set_at=NOON + timedelta(days=400))
    User.objects.filter(pk=user.pk).update(password_set_at=before - timedelta(days=days))


def notices(now: datetime = NOON) -> list[int]:
    return [ending.notice for ending in ending_passwords(now=now)]


@pytest.mark.parametrize(
    ("age_days", "told"),
    [
        (0, []), (165, []), (166, [14]), (167, [14]), (172, [14]), (173, [7]), (178, [7]),
        (179, [1]), (179.9, [1]), (180, []), (400, []),
    ],
)  # fmt: skip
def test_notices_come_14_7_and_1_days_before(
    world: World, age_days: float, told: list[int]
) -> None:
    set_ago(world.first.people["maker01"], age_days)
    assert notices() == told


def test_days_are_those_of_the_calendar_in_taipei(world: World) -> None:
    user = world.first.people["maker01"]
    set_ago(user, 166, before=NOON.replace(hour=23, minute=59))
    assert notices(NOON.replace(hour=0, minute=1)) == [14]
    assert notices(NOON.replace(hour=0, minute=1) - timedelta(minutes=2)) == []


def test_the_figures_are_those_of_the_row(world: World) -> None:
    set_ago(world.first.people["maker01"], 80)
    PasswordPolicy.objects.update(days_valid=90, notice_days=[30, 10])
    assert notices() == [10]
    PasswordPolicy.objects.update(notice_days=[])
    assert notices() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"state": UserState.PAUSED}, {"state": UserState.CLOSED}, {"must_change_password": True},
        {"password_set_at": None},
    ],
)  # fmt: skip
def test_who_cannot_sign_in_or_is_asked_anyway_is_not_told(
    world: World, changes: dict[str, object]
) -> None:
    user = world.first.people["maker01"]
    set_ago(user, 170)
    User.objects.filter(pk=user.pk).update(**changes)
    assert notices() == []


def test_a_person_is_told_once_for_each_notice_and_password_on_every_channel(world: World) -> None:
    user = world.first.people["maker01"]
    now = clock.now()
    set_ago(user, 170, before=now)
    assert warn_passwords() == 2
    assert warn_passwords() == 0
    assert {message.channel for message in Message.objects.filter(event=EVENT)} == {"email", "sms"}
    message = Message.objects.get(event=EVENT, channel="email")
    until = (now - timedelta(days=170) + timedelta(days=180)).astimezone(TAIPEI)
    assert f"{until:%Y-%m-%d %H:%M}" in message.body
    assert message.recipient_key == user.public_id
    set_ago(user, 174, before=now)
    User.objects.filter(pk=user.pk).update(password_set_at=now - timedelta(days=174))
    assert warn_passwords() == 2


def test_a_notice_that_was_missed_is_still_given(world: World) -> None:
    set_ago(world.first.people["maker01"], 171)
    (ending,) = ending_passwords(now=NOON)
    assert ending.notice == 14
    assert warn_password(ending=ending, now=NOON) == 2


def test_who_is_due_is_read_in_two_statements_whatever_their_number(world: World) -> None:
    found = {}
    for login in ("maker01", "maker02"):
        User.objects.filter(pk=world.first.people[login].pk).update(
            password_set_at=NOON - timedelta(days=170)
        )
        with counted_statements() as made:
            endings = ending_passwords(now=NOON)
        found[len(endings)] = len(made)
    assert found == {1: 2, 2: 2}
