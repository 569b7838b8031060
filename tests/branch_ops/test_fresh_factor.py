"""What opens doors later on asks for a factor shown in the last five minutes (AUTH-5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.urls import reverse

from identity import operations
from identity.errors import StepUpNeeded
from identity.models import ContactPoint, Passkey, Session, User
from identity.policies import Factor
from kernel import clock
from tests.factories.http import Browser
from tests.factories.newcomers import NEW_CODE
from tests.factories.passkeys import Seat
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-5")]
NEW_PHONE = "+886933222111"
LONG = timedelta(minutes=5, seconds=1)


def shown_before(browser: Browser, span: timedelta) -> Browser:
    """Let the factor of a session have been shown this long ago."""
    Session.objects.filter(pk=browser.session.pk).update(stepped_up_at=clock.now() - span)
    return browser


def want(user: User, world: World) -> object:
    """Ask for another phone."""
    return operations.want_contact(
        actor=user, channel="sms", address=NEW_PHONE, password="", has_card=True, now=world.now
    )


def renew(user: User, world: World) -> object:
    """Set an authorisation code."""
    return operations.set_authorisation_code(actor=user, code=NEW_CODE, now=world.now)


@pytest.mark.parametrize("act", [want, renew])
def test_a_factor_shown_a_while_ago_changes_no_address_and_no_code(
    world: World, act: Callable[[User, World], object]
) -> None:
    user = world.officer("branch011").act_as(world.now)
    for shown in (None, world.now - LONG):
        user.factor_shown_at = shown
        with pytest.raises(StepUpNeeded):
            act(user, world)
    user.factor_shown_at = world.now - timedelta(minutes=5)
    assert act(user, world)


def test_a_factor_shown_a_while_ago_brings_and_ends_no_passkey(
    world: World, staff_site: None
) -> None:
    seat = Seat(Browser.officer(world, "branch001"), world.now)
    seat.register()
    seat.register()
    begun = seat.begin()
    old = world.now - LONG
    Session.objects.filter(pk=seat.browser.session.pk).update(stepped_up_at=old)
    with pytest.raises(StepUpNeeded):
        seat.begin()
    with pytest.raises(StepUpNeeded):
        seat.keep({"id": str(begun.options["challenge"])})
    with pytest.raises(StepUpNeeded):
        operations.end_passkey(
            actor=seat.who["actor"], passkey_id=Passkey.objects.latest("pk").pk, holds_card=False,
            now=world.now,
        )  # fmt: skip
    assert Passkey.objects.filter(ended_at=None).count() == 2


def test_the_customer_is_led_to_the_card_once_more_and_back(world: World) -> None:
    world.holder("release1")
    browser = shown_before(Browser.of(world, "release1"), LONG)
    here = reverse("enterprise:profile")
    sent = {"act": "want", "channel": "sms", "sms-address": NEW_PHONE}
    answer = browser.client.post(here, sent, headers={"Referer": f"http://testserver{here}"})
    target = f"{reverse('enterprise:step_up')}?next={here.replace('/', '%2F')}&fresh=1"
    assert answer["Location"] == target
    assert "data-card-sign-in" in browser.client.get(target).content.decode()
    # For anything else the card that was shown is enough.
    assert browser.get("enterprise:step_up", next=here)["Location"] == here
    assert browser.show_card().status_code == 200
    assert browser.client.get(target)["Location"] == here
    assert browser.client.post(here, sent)["Location"] == here
    assert ContactPoint.objects.filter(wanted_address=NEW_PHONE).exists()


@pytest.mark.usefixtures("staff_site")
def test_the_bank_s_people_are_led_to_the_passkey_once_more_and_back(world: World) -> None:
    browser = Browser.officer(world, "branch001")
    Seat(browser, world.now).register()
    shown_before(browser, LONG)
    here = reverse("staff:register_passkey")
    target = browser.client.get(here)["Location"]
    assert target == f"{reverse('staff:second_factor')}?next={here.replace('/', '%2F')}&fresh=1"
    assert browser.client.get(target).status_code == 200
    browser.shown(Factor.PASSKEY)
    assert browser.client.get(target)["Location"] == here
    assert browser.client.get(here).status_code == 200


@pytest.mark.usefixtures("staff_site")
def test_nobody_is_led_in_a_circle_who_has_nothing_to_show(world: World) -> None:
    browser = shown_before(Browser.officer(world, "branch001"), LONG)
    here = reverse("staff:register_passkey")
    assert browser.client.get(here).status_code == 200
    answer = browser.ask("staff:begin_passkey_registration", code="")
    assert (answer.status_code, answer.json()["code"]) == (403, "identity.step_up_needed")
