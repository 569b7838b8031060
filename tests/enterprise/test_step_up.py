"""Stepping up to the card on the customer's site: asked where it is needed, and back again."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.urls import reverse

from approvals.models import Request
from audit.models import Entry
from certificates.models import Card, SignRequest
from identity.models import CompanyPolicy, Session
from identity.policies import Factor
from tests.approvals.browsing import Story, begin
from tests.factories.audit import refusals
from tests.factories.http import Browser, form_to, forms_of, reference_in, words_of
from tests.factories.world import World, submit

pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-5")]
STEP_UP = "/step-up/"


@pytest.fixture
def story(world: World) -> Story:
    """Return a transfer that waits for a reviewer who has given a password only."""
    found = begin(world)
    world.holder("review1a")
    found.reviewer.shown(Factor.PASSWORD)
    return found


def location(answer: object) -> str:
    return answer["Location"]  # type: ignore[index]


def test_the_decision_page_leads_to_the_card_and_back_to_itself(story: Story) -> None:
    here = reverse("approvals:request", args=[story.reference])
    page = story.reviewer.client.get(here)
    assert "data-sign" not in page.content.decode()
    assert f'href="{STEP_UP}?next={here.replace("/", "%2F")}"' in page.content.decode()
    step = story.reviewer.client.get(STEP_UP, {"next": here})
    form = next(one for one in forms_of(step) if "data-card-sign-in" in one.attributes)
    assert (form.action, form.attributes["data-next"]) == (here, here)
    assert story.reviewer.show_card().status_code == 200
    assert location(story.reviewer.client.get(STEP_UP, {"next": here})) == here
    assert story.reviewer.decide(story.reference, "review").status_code == 302


def test_the_step_up_page_says_what_will_be_signed(story: Story) -> None:
    step = story.reviewer.client.get(STEP_UP)
    words = words_of(step)
    for told in ("黃淑芬", "http://testserver", story.reviewer.holder.user.display_name):
        assert told in words


def test_showing_the_card_gives_the_browser_a_new_session_key_and_form_token(story: Story) -> None:
    person = story.reviewer
    person.client.get(STEP_UP)
    key, token = person.session_key, person.client.cookies[settings.CSRF_COOKIE_NAME].value
    answer = person.show_card()
    assert answer.json() == {"ok": True}
    assert person.session_key != key
    assert person.client.cookies[settings.CSRF_COOKIE_NAME].value != token
    assert person.session.factor == Factor.CARD
    person.client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert person.get("enterprise:home").status_code == 302
    entry = Entry.objects.get(event="identity.session.stepped_up")
    assert entry.actor == person.holder.user.public_id


def test_what_the_session_held_goes_on_with_it(story: Story) -> None:
    Session.objects.filter(pk=story.reviewer.session.pk).update(data={"step": "2"})
    story.reviewer.show_card()
    assert story.reviewer.session.data == {"step": "2"}


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:x", ""])
def test_the_way_back_never_leaves_the_site(story: Story, target: str) -> None:
    step = story.reviewer.client.get(STEP_UP, {"next": target})
    form = next(one for one in forms_of(step) if "data-card-sign-in" in one.attributes)
    assert form.attributes["data-next"] == reverse("enterprise:home")


def test_a_decision_that_was_posted_comes_back_to_the_page_it_was_posted_from(story: Story) -> None:
    here = reverse("approvals:request", args=[story.reference])
    answer = story.reviewer.client.post(
        reverse("approvals:review", args=[story.reference]),
        headers={"Referer": f"http://testserver{here}"},
    )
    assert location(answer) == f"{STEP_UP}?next={here.replace('/', '%2F')}"
    elsewhere = story.reviewer.client.post(
        reverse("approvals:review", args=[story.reference]),
        headers={"Referer": "https://evil.example/trap"},
    )
    assert location(elsewhere) == f"{STEP_UP}?next="
    assert story.untouched()


def test_a_script_that_prepares_a_decision_is_told(story: Story) -> None:
    before = SignRequest.objects.count()
    answer = story.reviewer.prepare(story.reference, "review")
    assert (answer.status_code, answer.json()["code"]) == (403, "identity.step_up_needed")
    assert SignRequest.objects.count() == before


@pytest.mark.req("SIGN-6")
def test_wrong_pins_lock_the_card_and_step_nobody_up(story: Story) -> None:
    person = story.reviewer
    for left in (2, 1, 0):
        answer = person.show_card("000000")
        assert (answer.status_code, answer.json()["tries_left"]) == (422, left)
    assert person.session.factor == Factor.PASSWORD
    assert Card.objects.get(holder=person.holder.user).state == "LOCKED"
    assert [event for _, event, _, _ in refusals()][-1].endswith("unlock_authentication")
    words = words_of(person.client.get(STEP_UP))
    assert "營業部" in words  # where to go with a locked card


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("unlock_authentication", {}),
        ("unlock_authentication", {"sign_request": "x" * 32, "pin": "482915"}),
        ("authenticate", {}),
        ("authenticate", {"sign_request": "x" * 32, "signature": "!", "signing_time": "now"}),
        (
            "authenticate",
            {
                "sign_request": "x" * 32, "signature": "MAMCAQE=",
                "signing_time": "2026-11-22T13:55:33Z",
            },
        ),
    ],
)  # fmt: skip
def test_made_up_messages_are_refused(story: Story, name: str, message: dict[str, str]) -> None:
    answer = story.reviewer.ask(f"certificates:{name}", **message)
    assert answer.status_code in (404, 422)
    assert answer.json()["ok"] is False
    assert story.reviewer.session.factor == Factor.PASSWORD


def test_the_messages_want_a_form_token(story: Story) -> None:
    client = story.reviewer.client
    client.handler.enforce_csrf_checks = True
    for name in ("prepare_authentication", "unlock_authentication", "authenticate"):
        answer = client.post(
            reverse(f"certificates:{name}"), json.dumps({}), content_type="application/json"
        )
        assert answer.status_code == 403, name


def test_somebody_without_a_card_is_told_what_still_works(world: World) -> None:
    person = Browser.of(world, "maker01", factor=Factor.PASSWORD)
    step = person.client.get(STEP_UP)
    assert step.status_code == 200
    assert "data-card-sign-in" not in step.content.decode()
    assert reverse("enterprise:certificates") in step.content.decode()
    assert person.ask("certificates:prepare_authentication").status_code == 422


def test_a_maker_who_signs_nothing_may_hold_a_card_and_show_it(world: World) -> None:
    world.holder("maker01")
    person = Browser.of(world, "maker01", factor=Factor.PASSWORD)
    assert person.show_card().status_code == 200
    assert person.session.factor == Factor.CARD


def test_submitting_asks_for_the_card_where_the_company_says_so(world: World) -> None:
    person = Browser.of(world, "maker01", factor=Factor.PASSWORD)
    reference = reference_in(person.new_order())
    CompanyPolicy.objects.create(company=world.company, submit_with_card=True)
    check = reverse("transfers:check", args=[reference])
    form = form_to(person.client.get(check), reverse("approvals:submit", args=[reference]))
    answer = person.client.post(
        form.action, form.fields, headers={"Referer": f"http://testserver{check}"}
    )
    assert location(answer) == f"{STEP_UP}?next={check.replace('/', '%2F')}"
    assert Request.objects.get(reference=reference).state == "DRAFT"
    person.shown(Factor.CARD)
    assert person.submit(reference).status_code == 302
    assert Request.objects.get(reference=reference).state == "PENDING"


def test_submitting_takes_a_password_where_the_company_says_nothing(world: World) -> None:
    person = Browser.of(world, "maker01", factor=Factor.PASSWORD)
    reference = reference_in(person.new_order())
    assert person.submit(reference).status_code == 302
    assert Request.objects.get(reference=reference).state == "PENDING"


def test_the_supervisor_is_led_to_the_card_before_taking_a_certificate_out_of_force(
    world: World,
) -> None:
    submit(world, world.holder("maker01", card=False), 20_000)
    holder = world.holder("review1a")
    world.holder("security2")
    person = Browser.of(world, "security2", factor=Factor.PASSWORD)
    serial = holder.user.certificates.get(purpose="SIGNING").serial_number
    here = reverse("enterprise:company_certificate", args=[serial])
    page = person.client.get(here)
    assert "data-sign" not in page.content.decode()
    assert f"{STEP_UP}?next={here.replace('/', '%2F')}" in page.content.decode()
    person.show_card()
    assert "data-sign" in person.client.get(here).content.decode()
