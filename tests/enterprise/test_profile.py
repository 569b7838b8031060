"""One's own data over HTTP: shown to its owner, changed by its owner, and by nobody else."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.conf import settings
from django.urls import reverse

from certificates.queries import signing_certificate
from identity.models import ContactPoint, SignInPolicy, User
from identity.policies import Factor
from tests.factories.http import Browser, form_with, words_of
from tests.factories.newcomers import sent_code
from tests.factories.world import PASSWORD, World

pytestmark = pytest.mark.django_db
PAGE = "enterprise:profile"
NEW_PHONE = "+886 933-222-111"
WANT = {"act": "want", "channel": "sms", "sms-address": NEW_PHONE}


def phone(browser: Browser) -> ContactPoint:
    """Return the phone as it is stored."""
    return ContactPoint.objects.get(user=browser.holder.user, channel="sms")


@pytest.mark.req("DEL-3", "PWD-3")
def test_the_own_data_is_shown_with_addresses_masked(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    page = browser.get(PAGE)
    words = words_of(page)
    for said in ("林雅婷", "maker01", "Finance maker", "Verified", "大同精密股份有限公司"):
        assert said in words
    assert phone(browser).address not in page.content.decode()
    assert reverse("enterprise:sessions") in page.content.decode()
    assert reverse(PAGE) in browser.get("enterprise:home").content.decode()
    assert "Supervisor authorisation code" not in words


@pytest.mark.req("DEL-3", "AUTH-5")
def test_a_phone_is_changed_by_password_and_code(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True, factor=Factor.PASSWORD)
    old = phone(browser).address
    refused = browser.post(PAGE, **WANT, **{"sms-password": "wrong"})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "The present password is not right" in words_of(refused)
    assert form_with(refused, "sms-address").fields["sms-address"] == NEW_PHONE
    assert browser.post(PAGE, **WANT, **{"sms-password": PASSWORD}).status_code == 302
    assert phone(browser).address == old
    assert "***111" in words_of(browser.get(PAGE))
    typed = {"act": "type", "channel": "sms", "sms-code": sent_code(browser.holder.user)}
    assert browser.post(PAGE, **typed)["Location"] == reverse(PAGE)
    assert phone(browser).address == "+886933222111"


@pytest.mark.req("AUTH-5")
def test_a_card_s_holder_shows_the_card_and_types_no_password(world: World) -> None:
    browser = Browser.of(world, "release1", english=True)
    assert signing_certificate(browser.holder.user.pk) is not None
    page = browser.get(PAGE)
    assert "sms-password" not in page.content.decode()
    assert browser.post(PAGE, **WANT).status_code == 302
    assert phone(browser).wanted_address == "+886933222111"


@pytest.mark.req("DEL-3", "KEY-1")
def test_settings_are_changed_and_the_page_speaks_the_new_language(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    assert "prefers_keypad" not in browser.get(PAGE).content.decode()
    SignInPolicy.objects.update(keypad_offered=True)
    form = form_with(browser.get(PAGE), "prefers_keypad")
    sent = form.fields | {"language": "zh-hant", "start_page": "inbox", "prefers_keypad": "on"}
    answer = browser.client.post(reverse(PAGE), sent)
    assert answer.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hant"
    user = User.objects.get(pk=browser.holder.user.pk)
    assert (user.language, user.start_page, user.prefers_keypad) == ("zh-hant", "inbox", True)
    assert "我的資料" in words_of(browser.get(PAGE))


@pytest.mark.req("DEL-3")
@pytest.mark.parametrize(
    "sent",
    [
        {"form": "settings", "language": "fr", "start_page": "home"},
        {"form": "settings", "language": "en", "start_page": "https://evil.example/"},
        WANT | {"sms-address": "12", "sms-password": PASSWORD},
        {"act": "send", "channel": "sms"},
    ],
)
def test_what_cannot_be_is_refused_in_place(world: World, sent: dict[str, str]) -> None:
    browser = Browser.of(world, "maker01", english=True, factor=Factor.PASSWORD)
    before = list(User.objects.filter(pk=browser.holder.user.pk).values())
    answer = browser.post(PAGE, **sent)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'class="error-summary"' in answer.content.decode()
    assert list(User.objects.filter(pk=browser.holder.user.pk).values()) == before


@pytest.mark.req("DUAL-7")
def test_a_company_s_people_have_no_authorisation_code(world: World) -> None:
    browser = Browser.of(world, "security2", english=True)
    sent = {"form": "code", "authorisation_code": "Bridge#2071", "again": "Bridge#2071"}
    assert browser.post(PAGE, **sent).status_code == HTTPStatus.FORBIDDEN


def test_an_act_there_is_not_is_refused(world: World) -> None:
    browser = Browser.of(world, "maker01", english=True)
    assert browser.post(PAGE, act="steal", channel="sms").status_code == HTTPStatus.CONFLICT
