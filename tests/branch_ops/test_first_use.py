"""First use and one's own data on the staff site."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.urls import reverse

from certificates.operations import issue_letter
from identity.models import User
from identity.policies import Factor, Step
from tests.factories.http import Browser, words_of
from tests.factories.newcomers import (
    NEW_CODE,
    NEW_NAME,
    NEW_PASSWORD,
    begin_anew,
    enrol_over_http,
    sent_code,
)
from tests.factories.world import PASSWORD, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site")]
PAGE, PROFILE = "staff:first_use", "staff:profile"
CODE = {"authorisation_code": NEW_CODE, "again": NEW_CODE}
SENT = [
    {"step": Step.LOGIN_NAME, "login_name": NEW_NAME},
    {"step": Step.PASSWORD, "old": PASSWORD, "new": NEW_PASSWORD, "again": NEW_PASSWORD},
    {"step": Step.AUTHORISATION_CODE, **CODE},
]


@pytest.mark.req("DEL-3", "AUTH-4", "DUAL-7")
def test_a_checker_s_first_use_with_code_and_card(world: World) -> None:
    begin_anew(world.staff["branch011"])
    browser = Browser.officer(world, "branch011", english=True, factor=Factor.PASSWORD)
    for name in ("staff:home", "approvals:inbox", "admin:index", PROFILE):
        assert browser.get(name)["Location"] == reverse(PAGE), name
    words = words_of(browser.get(PAGE))
    assert "For supervisors of the bank" in words
    assert words.index("Supervisor authorisation code") > words.index("Password")
    for sent in SENT:
        assert browser.get("staff:card")["Location"] == reverse(PAGE)
        assert browser.post(PAGE, **sent)["Location"] == reverse(PAGE)
    for channel in ("sms", "email"):
        asked = {"step": Step.BASIC_DATA, "channel": channel}
        browser.post(PAGE, **asked, act="send")
        code = {f"{channel}-code": sent_code(browser.holder.user)}
        assert browser.post(PAGE, **asked, act="type", **code).status_code == 302
    browser.post(PAGE, step=Step.SETTINGS, language="en", start_page="home")
    assert "No letter has been printed" in words_of(browser.get(PAGE))
    letter = issue_letter(holder_id=browser.holder.user.pk, actor=None, now=world.now)
    enrol_over_http(browser, letter, "staff:card")
    browser.shown(Factor.CARD)
    assert "All done" in words_of(browser.get(PAGE))
    assert browser.post(PAGE, step="finish")["Location"] == reverse("staff:home")
    assert browser.get("approvals:inbox").status_code == HTTPStatus.OK


@pytest.mark.req("DEL-3")
def test_a_maker_of_the_bank_has_no_code_and_needs_no_card(world: World) -> None:
    begin_anew(world.staff["branch001"])
    browser = Browser.officer(world, "branch001", english=True, factor=Factor.PASSWORD)
    words = words_of(browser.get(PAGE))
    assert "Supervisor authorisation code" not in words
    assert "Card and certificate" not in words
    for sent in SENT[:2]:
        browser.post(PAGE, **sent)
    assert browser.post(PAGE, **SENT[2]).status_code == HTTPStatus.CONFLICT
    assert User.objects.get(pk=browser.holder.user.pk).authorisation_code == ""


@pytest.mark.req("DEL-3", "DUAL-7")
def test_a_checker_changes_the_code_on_the_own_page(world: World) -> None:
    browser = Browser.officer(world, "branch011", english=True)
    page = browser.get(PROFILE)
    assert "Branch business checker" in words_of(page)
    refused = browser.post(PROFILE, form="code", **CODE | {"again": "another one"})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert NEW_CODE not in refused.content.decode()
    assert browser.post(PROFILE, form="code", **CODE)["Location"] == reverse(PROFILE)
    first = User.objects.get(pk=browser.holder.user.pk).authorisation_code
    assert first
    again = CODE | {"old_code": "wrong-code-9"}
    assert "The present code is not right" in words_of(browser.post(PROFILE, form="code", **again))
    assert User.objects.get(pk=browser.holder.user.pk).authorisation_code == first
    again = CODE | {"old_code": NEW_CODE}
    assert browser.post(PROFILE, form="code", **again)["Location"] == reverse(PROFILE)
    assert User.objects.get(pk=browser.holder.user.pk).authorisation_code != first


@pytest.mark.req("DEL-3", "AUTH-5")
def test_the_bank_s_people_change_their_phone_without_another_password(world: World) -> None:
    browser = Browser.officer(world, "branch001", english=True)
    assert "sms-password" not in browser.get(PROFILE).content.decode()
    sent = {"act": "want", "channel": "sms", "sms-address": "+886933222111"}
    assert browser.post(PROFILE, **sent)["Location"] == reverse(PROFILE)
