"""A password alone ends no session of the bank's people that has shown more (AUTH-1, AUTH-3)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from alerts.models import Message
from audit.models import Entry
from identity import operations
from identity.formats import session_digest
from identity.models import Session, User
from identity.operations import SignInResult, step_up_step
from identity.policies import STRONG_FACTORS, Factor, SignInOutcome
from identity.queries import live_session, sign_in_policy
from kernel import clock
from tests.factories.door import attempt, figures
from tests.factories.http import Browser
from tests.factories.passkeys import Seat
from tests.factories.threads import at_once
from tests.factories.world import PASSWORD, World

pytestmark = [
    pytest.mark.django_db, pytest.mark.usefixtures("staff_site"),
    pytest.mark.req("AUTH-1", "AUTH-3"),
]  # fmt: skip
WHO = "branch001"
O = SignInOutcome  # noqa: E741 - the column of a table
MINUTE = timedelta(minutes=1)


@pytest.fixture
def owner(world: World) -> Browser:
    """Return the browser of a bank person who has shown their passkey."""
    return Browser.officer(world, WHO)


def knock(world: World) -> SignInResult:
    """Try the staff site's door with the right password."""
    return attempt(world, site="staff", company_code="", login_name=WHO, now=clock.now())


def beside(world: World) -> str:
    """Go on from being told of the other session, with the password alone; return the cookie."""
    told = knock(world)
    assert told.outcome == O.ELSEWHERE
    assert told.user is not None
    result = operations.take_over(
        site="staff", public_id=told.user.public_id, other_sha256=told.other_sha256,
        address="198.51.100.9", agent="Browser/2", now=clock.now(),
    )  # fmt: skip
    assert result.outcome == O.SIGNED_IN
    return result.session_key


def step_up(user: User, key: str) -> str:
    with transaction.atomic():
        return step_up_step(
            user=user, key_sha256=session_digest(key), factor=Factor.PASSKEY, now=clock.now()
        )


def stands(key: str, *, later: timedelta = timedelta(0)) -> bool:
    return live_session(session_digest(key), site="staff", now=clock.now() + later) is not None


def told_replaced() -> int:
    found = Message.objects.filter(event="identity.user.signed_in_elsewhere")
    return found.values("cause").distinct().count()


def test_who_knows_the_password_alone_ends_no_session_that_has_shown_a_passkey(
    owner: Browser,
) -> None:
    thief = Client(headers={"accept-language": "en"})
    sent = {"login_name": WHO, "password": PASSWORD}
    page = thief.post(reverse("staff:sign_in"), sent)
    assert "Already signed in elsewhere" in page.content.decode()
    for _ in range(2):  # a second ticket brings no further
        ticket = page.context["page"]["ticket"]
        assert thief.post(reverse("staff:take_over"), {"ticket": ticket}).status_code == 302
        thief.cookies.pop(settings.SESSION_COOKIE_NAME)
        page = thief.post(reverse("staff:sign_in"), sent)
    assert owner.get("staff:sessions").status_code == 200
    assert not told_replaced()
    half_in = Session.objects.filter(is_half_in=True)
    assert half_in.filter(ended_at__isnull=True).count() == 1
    assert half_in.count() == 2


def test_the_second_factor_ends_the_other_session_and_its_person_is_told(
    owner: Browser, world: World
) -> None:
    here = Seat(owner, clock.now())
    key = here.register()
    client = Client(headers={"accept-language": "en"})
    client.cookies[settings.SESSION_COOKIE_NAME] = beside(world)
    there = Browser(owner.holder, client)
    assert there.session.is_half_in
    assert there.get("staff:sessions")["Location"].startswith("/second-factor/")
    asked = there.ask("staff:begin_passkey_sign_in").json()["options"]
    assert owner.get("staff:sessions").status_code == 200
    shown = there.ask(
        "staff:sign_in_with_passkey", answer=json.dumps(key.show(asked)), next="/home/"
    )
    assert shown.json()["ok"]
    assert there.get("staff:sessions").status_code == 200
    assert owner.get("staff:sessions")["Location"].startswith("/sign-in/")
    assert told_replaced() == 1
    ended = Session.objects.get(ended_at__isnull=False)
    assert (ended.ended_why, ended.factor) == ("replaced", Factor.PASSKEY)
    written = Entry.objects.get(event="identity.session.ended")
    assert (written.reason, written.target) == (
        "replaced", f"user:{owner.holder.user.public_id}",
    )  # fmt: skip
    session = there.session
    assert not session.is_half_in
    hours = (session.expires_at - session.started_at) / timedelta(hours=1)
    assert hours == sign_in_policy().absolute_hours


@pytest.mark.req("SES-1")
def test_who_shows_nothing_more_is_out_after_five_minutes_whatever_they_press(
    owner: Browser, world: World
) -> None:
    key = beside(world)
    assert stands(key, later=5 * MINUTE - timedelta(seconds=5))
    operations.touch_session(key_sha256=session_digest(key), now=clock.now() + 4 * MINUTE)
    assert not stands(key, later=5 * MINUTE)
    assert operations.end_idle(now=clock.now() + 5 * MINUTE) == 1
    assert owner.get("staff:sessions").status_code == 200


def test_a_session_that_is_half_in_is_nobodys_elsewhere(owner: Browser, world: World) -> None:
    beside(world)
    owner.post("staff:sign_out")
    again = knock(world)
    assert again.outcome == O.SIGNED_IN
    assert not Session.objects.get(key_sha256=session_digest(again.session_key)).is_half_in


def test_a_session_that_shows_a_password_alone_is_replaced_by_another_such(world: World) -> None:
    first = knock(world).session_key
    second = beside(world)
    assert not stands(first)
    assert stands(second)
    assert not Session.objects.filter(is_half_in=True).exists()
    assert told_replaced() == 1


def test_where_a_second_sign_in_is_refused_it_is_refused_beside_a_second_factor(
    owner: Browser, world: World
) -> None:
    with figures(second_sign_in="refuse"):
        told = knock(world)
        assert (told.outcome, told.other_sha256) == (O.ELSEWHERE, "")
        result = operations.take_over(
            site="staff", public_id=owner.holder.user.public_id, other_sha256=owner.session.pk,
            address="198.51.100.9", agent="", now=clock.now(),
        )  # fmt: skip
    assert result.outcome == O.REFUSED
    assert Session.objects.count() == 1


def test_where_a_second_sign_in_is_refused_a_password_alone_keeps_nobody_out(world: World) -> None:
    with figures(second_sign_in="refuse"):
        first = knock(world).session_key
        second = knock(world)
    assert second.outcome == O.SIGNED_IN
    assert not stands(first)
    assert stands(second.session_key)
    assert told_replaced() == 1


def test_a_session_whose_hours_ran_out_meanwhile_is_not_told_of(
    owner: Browser, world: World
) -> None:
    key = beside(world)
    Session.objects.filter(pk=owner.session.pk).update(seen_at=clock.now() - 60 * MINUTE)
    step_up(owner.holder.user, key)
    assert Session.objects.get(ended_at__isnull=False).ended_why == "idle"
    assert not told_replaced()


def test_two_that_step_up_at_once_leave_one_session(open_world: World) -> None:
    first = knock(open_world)
    user = first.user
    assert user is not None
    strong = step_up(user, first.session_key)
    half_in = beside(open_world)
    results = at_once([lambda: step_up(user, strong), lambda: step_up(user, half_in)] * 3)
    left = Session.objects.get(ended_at__isnull=True)
    assert left.factor in STRONG_FACTORS
    assert not left.is_half_in
    won = [key for key in results if isinstance(key, str)]
    assert left.pk in map(session_digest, won)


def test_a_step_up_and_a_take_over_at_once_leave_one_that_counts(open_world: World) -> None:
    weak = knock(open_world)
    user = weak.user
    assert user is not None
    told = knock(open_world)

    def take_over() -> SignInResult:
        return operations.take_over(
            site="staff", public_id=user.public_id, other_sha256=told.other_sha256,
            address="198.51.100.9", agent="", now=clock.now(),
        )  # fmt: skip

    at_once([take_over, lambda: step_up(user, weak.session_key), take_over])
    assert Session.objects.filter(ended_at__isnull=True, is_half_in=False).count() == 1
