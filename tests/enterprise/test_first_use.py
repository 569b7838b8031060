"""First use over HTTP: one page for each step, and no other page before the last."""

from __future__ import annotations

import json
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from certificates.operations import PrintedLetter, issue_letter
from identity.models import Grant, User
from identity.policies import Factor, Step
from tests.factories.audit import refusals
from tests.factories.http import Browser, form_with, forms_of, sign_in, words_of
from tests.factories.newcomers import (
    NEW_NAME,
    NEW_PASSWORD,
    begin_anew,
    enrol_over_http,
    sent_code,
    wrong_code,
)
from tests.factories.world import FIRST, PASSWORD, World

pytestmark = pytest.mark.django_db
PAGE = "enterprise:first_use"
NAME = {"step": Step.LOGIN_NAME, "login_name": NEW_NAME}
WORD = {"step": Step.PASSWORD, "old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD}
SETTINGS = {"step": Step.SETTINGS, "language": "en", "start_page": "inbox"}


def newcomer(world: World, login: str = "maker01") -> Browser:
    """Sign somebody in who was given their first password only now."""
    begin_anew(world.first.people[login])
    return Browser.of(world, login, english=True, factor=Factor.PASSWORD)


def verify(browser: Browser, channel: str) -> HttpResponse:
    """Ask for a code and type it."""
    asked = {"step": Step.BASIC_DATA, "channel": channel}
    assert browser.post(PAGE, **asked, act="send").status_code == 302
    code = {f"{channel}-code": sent_code(browser.holder.user)}
    return browser.post(PAGE, **asked, act="type", **code)


def go(browser: Browser, *steps: Step) -> Browser:
    """Do these steps over HTTP."""
    for step in steps:
        if step == Step.BASIC_DATA:
            answers = [verify(browser, channel) for channel in ("sms", "email")]
        else:
            sent = {Step.LOGIN_NAME: NAME, Step.PASSWORD: WORD, Step.SETTINGS: SETTINGS}[step]
            answers = [browser.post(PAGE, **sent)]
        assert {answer["Location"] for answer in answers} == {reverse(PAGE)}
    return browser


BEFORE_CARD = (Step.LOGIN_NAME, Step.PASSWORD, Step.BASIC_DATA, Step.SETTINGS)


@pytest.mark.req("DEL-3", "AUTH-4", "SES-3")
def test_nothing_else_opens_and_no_menu_leads_elsewhere(world: World) -> None:
    browser = newcomer(world)
    names = (
        "enterprise:home", "approvals:inbox", "transfers:new", "enterprise:profile",
        "enterprise:change_password", "enterprise:sessions", "enterprise:certificates",
    )  # fmt: skip
    for name in names:
        assert browser.get(name)["Location"] == reverse(PAGE), name
    script = browser.client.get(reverse("approvals:inbox"), headers={"Accept": "application/json"})
    assert (script.status_code, script.json()["code"]) == (403, "identity.gate.first_use")
    page = browser.get(PAGE)
    assert page.status_code == HTTPStatus.OK
    for name in names[1:]:
        assert f'href="{reverse(name)}"' not in page.content.decode(), name
    assert reverse("enterprise:sign_out") in [form.action for form in forms_of(page)]


@pytest.mark.req("DEL-3", "AUTH-4")
def test_a_maker_goes_through_all_steps_and_begins_where_they_chose(world: World) -> None:
    browser = newcomer(world)
    key = browser.session_key
    words = words_of(browser.get(PAGE))
    for said in ("Now: Login name", "Next: Password", "Next: Personal settings"):
        assert said in words
    assert "Card and certificate" not in words
    go(browser, *BEFORE_CARD[:2])
    assert browser.session_key != key
    words = words_of(browser.get(PAGE))
    for said in ("Done: Login name", "Done: Password", "Now: Phone and e-mail"):
        assert said in words
    go(browser, *BEFORE_CARD[2:])
    assert "All done" in words_of(browser.get(PAGE))
    assert browser.post(PAGE, step="finish")["Location"] == reverse("approvals:inbox")
    assert browser.get("enterprise:home").status_code == HTTPStatus.OK
    assert browser.get(PAGE)["Location"] == reverse("approvals:inbox")
    browser.post("enterprise:sign_out")
    assert sign_in(browser.client, FIRST.code, "maker01").status_code == 422
    back = sign_in(browser.client, FIRST.code, NEW_NAME, NEW_PASSWORD)
    assert back["Location"] == reverse("approvals:inbox")


@pytest.mark.req("DEL-3", "CERT-2", "SES-3")
def test_whoever_signs_takes_the_card_into_use_in_its_turn(world: World) -> None:
    supervisor = newcomer(world, "security2")
    assert "security supervisors" in words_of(supervisor.get(PAGE))
    letter = issue_letter(holder_id=supervisor.holder.user.pk, actor=None, now=world.now)
    assert supervisor.get("enterprise:enrol_card")["Location"] == reverse(PAGE)
    assert enrol_too_early(supervisor, letter) == "identity.first_use.not_this_step"
    go(supervisor, *BEFORE_CARD)
    page = supervisor.get(PAGE)
    assert reverse("enterprise:enrol_card") in page.content.decode()
    refused = supervisor.post(PAGE, step="finish")
    assert refused.status_code == HTTPStatus.CONFLICT
    enrol_over_http(supervisor, letter, "enterprise:enrol_card")
    assert "All done" in words_of(supervisor.get(PAGE))
    assert supervisor.post(PAGE, step="finish").status_code == 302
    assert User.objects.get(pk=supervisor.holder.user.pk).first_used_at is not None


def enrol_too_early(browser: Browser, letter: PrintedLetter) -> str:
    """Send what the card's page would send, before its turn; return what it is refused with."""
    body = {
        "letter_number": letter.number, "secret": letter.secret, "request": "MAMCAQE=",
        "authentication_request": "MAMCAQE=", "pin": "482915",
    }  # fmt: skip
    answer = browser.client.post(
        reverse("certificates:enrol"), json.dumps(body), content_type="application/json",
        headers={"Accept": "application/json"},
    )  # fmt: skip
    assert answer.status_code == HTTPStatus.CONFLICT
    return str(answer.json()["code"])


@pytest.mark.req("DEL-3")
def test_without_a_letter_the_page_says_whom_to_ask(world: World) -> None:
    browser = go(newcomer(world, "security2"), *BEFORE_CARD)
    words = words_of(browser.get(PAGE))
    assert "No letter has been printed for you yet. Ask 營業部 for it." in words


@pytest.mark.req("SES-3")
@pytest.mark.parametrize(
    "sent",
    [
        WORD,
        SETTINGS,
        {"step": Step.BASIC_DATA, "act": "send", "channel": "sms"},
        {"step": Step.BASIC_DATA, "act": "type", "channel": "sms", "sms-code": "123456"},
        {"step": Step.BASIC_DATA, "act": "send", "channel": "pigeon"},
        {"step": Step.AUTHORISATION_CODE, "authorisation_code": "Bridge#2071", "again": "x"},
        {"step": Step.CARD},
        {"step": "finish"},
        {"step": "first_used_at"},
        {"login_name": NEW_NAME},
    ],
)
def test_a_step_out_of_turn_is_refused_and_written_down(world: World, sent: dict[str, str]) -> None:
    browser = newcomer(world)
    before = list(User.objects.filter(pk=browser.holder.user.pk).values())
    answer = browser.post(PAGE, **sent)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert list(User.objects.filter(pk=browser.holder.user.pk).values()) == before
    assert refusals()[-1][3] == "identity.first_use.not_this_step"


@pytest.mark.req("SES-3")
def test_a_page_from_before_does_not_do_its_step_twice(world: World) -> None:
    browser = newcomer(world)
    go(browser, Step.LOGIN_NAME)
    answer = browser.post(PAGE, **NAME | {"login_name": "another2026"})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert User.objects.get(pk=browser.holder.user.pk).login_name == NEW_NAME


@pytest.mark.req("PWD-2", "PWD-1")
def test_what_is_wrong_stands_beside_its_field_and_secrets_are_not_shown(world: World) -> None:
    browser = newcomer(world)
    User.objects.filter(pk=world.first.people["maker02"].pk).update(login_name="taken2026")
    for name, said in (
        ("taken2026", "This login name cannot be used"),
        ("x22099131", "does not hold the company code"),
        ("onlyletters", "mixes letters and digits"),
    ):
        page = browser.post(PAGE, **NAME | {"login_name": name})
        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert said in words_of(page)
        assert form_with(page, "login_name").fields["login_name"] == name
    go(browser, Step.LOGIN_NAME)
    weak = {"new": "short1x", "again": "short1x"}
    page = browser.post(PAGE, **WORD | weak)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "short1x" not in page.content.decode()
    page = browser.post(PAGE, **WORD | {"old": "wrong"})
    assert "The present password is not right" in words_of(page)


@pytest.mark.req("DEL-3")
def test_a_wrong_code_keeps_the_page_and_the_last_one_asks_for_another(world: World) -> None:
    browser = go(newcomer(world), *BEFORE_CARD[:2])
    asked = {"step": Step.BASIC_DATA, "channel": "sms"}
    browser.post(PAGE, **asked, act="send")
    wrong = wrong_code(sent_code(browser.holder.user))
    said = ["The code is not right.", "The code is not right.", "This code is not valid any more."]
    for words in said:
        page = browser.post(PAGE, **asked, act="type", **{"sms-code": wrong})
        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert words in words_of(page)
    assert "Send a code" in words_of(page)


@pytest.mark.req("DEL-3", "AUTH-1")
def test_the_page_that_was_wanted_goes_before_the_chosen_start(world: World) -> None:
    user, client = world.first.people["maker01"], Client()
    User.objects.filter(pk=user.pk).update(start_page="inbox")
    wanted = sign_in(client, FIRST.code, "maker01", next="/accounts/")
    assert wanted["Location"] == "/accounts/"
    client.post(reverse("enterprise:sign_out"))
    assert sign_in(client, FIRST.code, "maker01")["Location"] == reverse("approvals:inbox")


@pytest.mark.req("DEL-3")
def test_a_chosen_start_that_the_roles_no_longer_open_leads_home(world: World) -> None:
    user = world.first.people["maker01"]
    User.objects.filter(pk=user.pk).update(start_page="inbox")
    Grant.objects.filter(user=user).update(valid_until=world.now + timedelta(microseconds=1))
    assert sign_in(Client(), FIRST.code, "maker01")["Location"] == reverse("enterprise:home")
