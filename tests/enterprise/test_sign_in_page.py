"""What the customer's door shows beside the form, and the other ways of entering a password."""

from __future__ import annotations

import hashlib
import re

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from alerts.models import Publication
from alerts.operations import ContactFields, set_contact_step, withdraw_file_step
from audit.models import Entry
from identity.models import Session, SignInPolicy, User
from kernel import clock
from tests.enterprise.test_sign_in import REFUSAL, client, page_text
from tests.factories.entering import entered, keypad_at
from tests.factories.http import ENGLISH, Browser, form_with, sign_in, words_of
from tests.factories.publications import PDF, publish_file, publish_news
from tests.factories.world import FIRST, World

DOOR = "/sign-in/"
KEYED = "Harbour-2026!"  # every sign of it lies on the keypad
pytestmark = pytest.mark.django_db


@pytest.fixture
def keyed(world: World) -> None:
    """Give a person a password that can be entered on the keypad."""
    found = User.objects.filter(pk=world.first.people["maker01"].pk)
    found.update(password=make_password(KEYED))


@pytest.fixture
def offered(db: None) -> None:
    """Let the bank offer both."""
    SignInPolicy.objects.update(
        keypad_offered=True, number_offered=True, keypad_sign_milliseconds=40
    )


def person(world: World) -> User:
    return User.objects.get(pk=world.first.people["maker01"].pk)


# --- bulletin, downloads, contact ----------------------------------------------------------------
@pytest.mark.req("KEY-3")
def test_the_door_shows_news_files_and_contact_in_both_languages() -> None:
    now = clock.now()
    publish_news(now)
    publish_file(now)
    with transaction.atomic():
        line = ContactFields("掛失專線", "Lost cards", "02-2345-6789")
        set_contact_step(lines=[line], actor="system", now=now)
    for extra, texts in (
        ({}, ["系統維護", "使用手冊", "掛失專線", "02-2345-6789"]),
        (ENGLISH, ["Maintenance", "Manual", "Lost cards", "02-2345-6789"]),
    ):
        shown = words_of(Client(**extra).get(DOOR))
        assert [text for text in texts if text not in shown] == []
        assert settings.BANK_SERVICE_PHONE not in shown


@pytest.mark.req("KEY-3")
def test_without_rows_the_door_shows_the_contact_of_the_settings() -> None:
    shown = words_of(client().get(DOOR))
    assert settings.BANK_SERVICE_PHONE in shown
    assert "目前沒有公告" in shown


@pytest.mark.req("KEY-3")
def test_the_door_shows_four_news_and_leads_to_all() -> None:
    for number in range(6):
        publish_news(clock.now(), title_zh=f"第 {number} 則")
    page = client().get(DOOR)
    assert page.content.decode().count('class="bulletin-title"') == 4
    assert reverse("enterprise:bulletins") in page.content.decode()
    listed = client().get(reverse("enterprise:bulletins"))
    assert all(f"第 {number} 則" in words_of(listed) for number in range(6))


@pytest.mark.req("KEY-3")
def test_news_are_text_whatever_they_hold() -> None:
    number = publish_news(clock.now(), text_zh="<b onclick=x>粗</b>\nhttps://evil.example/")
    page = client().get(reverse("enterprise:bulletin", args=[number])).content.decode()
    assert "&lt;b onclick=x&gt;" in page
    assert 'href="https://evil.example' not in page


@pytest.mark.req("KEY-3")
def test_nothing_on_the_door_moves_by_itself() -> None:
    publish_news(clock.now())
    page = client().get(DOOR).content.decode()
    assert not re.search(r"<marquee|autoplay|carousel", page)


@pytest.mark.req("KEY-3")
def test_a_file_is_handed_out_as_a_download_that_caches_may_keep() -> None:
    sha256 = publish_file(clock.now())
    answer = client().get(reverse("enterprise:download", args=[sha256]))
    assert hashlib.sha256(answer.content).hexdigest() == sha256
    assert answer.content == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment; filename*=utf-8''")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "public, max-age=3600"
    assert not answer.cookies


@pytest.mark.req("KEY-3")
def test_what_is_withdrawn_or_was_never_there_is_not_found() -> None:
    sha256 = publish_file(clock.now())
    with transaction.atomic():
        withdraw_file_step(sha256=sha256, actor="system", now=clock.now())
    assert Publication.objects.count() == 1
    for path in (f"/downloads/{sha256}/", f"/downloads/{'0' * 64}/", "/bulletin/999/"):
        assert client().get(path).status_code == 404


# --- keypad --------------------------------------------------------------------------------------
def enter(browser: Client, text: str, login: str = "maker01") -> HttpResponse:
    fields = entered(keypad_at(browser), text)
    return sign_in(browser, FIRST.code, login, **fields)


@pytest.mark.req("KEY-1")
def test_neither_keypad_nor_number_is_offered_unless_the_bank_does(world: World) -> None:
    page = client().get(DOOR).content.decode()
    assert "entry" not in re.findall(r'name="(\w+)"', page)
    browser = client()
    browser.cookies[settings.ENTRY_COOKIE_NAME] = "keypad.number"
    again = browser.get(DOOR).content.decode()
    assert "data-keypad" not in again
    assert "data-number" not in again
    assert browser.post(reverse("entry:keypad")).status_code == 404
    assert browser.get(reverse("entry:number", args=["page"])).status_code == 404


@pytest.mark.req("KEY-1", "AUTH-1")
def test_a_password_entered_on_the_keypad_lets_in(world: World, offered: None, keyed: None) -> None:
    browser = client()
    answer = enter(browser, KEYED)
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.req("KEY-1", "AUTH-1", "AUTH-2")
def test_every_wrong_use_of_the_keypad_is_the_one_refusal_and_counts_as_no_password(
    world: World, offered: None, keyed: None
) -> None:
    used = client()
    fields = entered(keypad_at(used), KEYED)
    sign_in(used, FIRST.code, "maker01", **fields)
    Session.objects.all().delete()
    fresh = entered(keypad_at(client()), KEYED)
    tries = {
        "used before": fields,
        "made up": fields | {"keypad_deal": "made-up"},
        "foreign codes": fresh | {"keypad_codes": fields["keypad_codes"]},
        "no codes": entered(keypad_at(client()), KEYED) | {"keypad_codes": ""},
        "a password beside it": fields | {"password": KEYED},
    }
    pages = {what: sign_in(client(), FIRST.code, "maker01", **sent) for what, sent in tries.items()}
    wrong_password = page_text(sign_in(client(), FIRST.code, "nobody99", "wrong"))
    assert {what: page.status_code for what, page in pages.items()} == dict.fromkeys(tries, 422)
    assert {page_text(page) for page in pages.values()} == {wrong_password}
    assert person(world).wrong_passwords == 0
    assert not Session.objects.exists()
    refused = Entry.objects.filter(event="identity.session.opened.refused", reason="keypad")
    assert refused.count() == len(tries)


@pytest.mark.req("KEY-1")
def test_an_entry_faster_than_a_person_is_refused(world: World, offered: None, keyed: None) -> None:
    SignInPolicy.objects.update(keypad_sign_milliseconds=500)
    answer = enter(client(), KEYED)
    assert answer.status_code == 422
    assert REFUSAL in words_of(answer)


@pytest.mark.req("KEY-1", "AUTH-2")
def test_a_wrong_password_on_the_keypad_counts_as_one(
    world: World, offered: None, keyed: None
) -> None:
    assert enter(client(), "Wrong-2026").status_code == 422
    assert person(world).wrong_passwords == 1


@pytest.mark.req("KEY-1", "PWD-3")
def test_neither_password_nor_codes_are_shown_again(
    world: World, offered: None, keyed: None
) -> None:
    fields = entered(keypad_at(client()), "Wrong-2026")
    shown = sign_in(client(), FIRST.code, "maker01", **fields).content.decode()
    for typed in ("Wrong-2026", fields["keypad_deal"], fields["keypad_codes"]):
        assert typed not in shown


@pytest.mark.req("KEY-1")
def test_a_keypad_is_dealt_to_the_doors_own_page_alone(
    world: World, offered: None, keyed: None
) -> None:
    assert client().get(reverse("entry:keypad")).status_code == 405
    forged = Client(enforce_csrf_checks=True).post(reverse("entry:keypad"))
    assert forged.status_code == 403
    answer = client().post(reverse("entry:keypad"))
    assert answer["Cache-Control"] == "no-store"


# --- number --------------------------------------------------------------------------------------
def with_number(browser: Client) -> str:
    """Choose the number at this browser and return the one of its page."""
    browser.post(reverse("entry:choose"), {"entry": "number", "wanted": "on"})
    return form_with(browser.get(DOOR), "password").fields["number_id"]


def told(browser: Client, page: str) -> str:
    """Look at the picture, have it said, and return the digits."""
    picture = browser.get(reverse("entry:number", args=[page]))
    assert (picture["Content-Type"], picture["Cache-Control"]) == ("image/png", "no-store")
    said = browser.post(reverse("entry:number_in_words", args=[page])).content.decode()
    return "".join(str("零一二三四五六七八九".index(word)) for word in said.split())


@pytest.mark.req("KEY-2")
def test_the_right_number_and_the_right_password_let_in(world: World, offered: None) -> None:
    browser = client()
    page = with_number(browser)
    digits = told(browser, page)
    answer = sign_in(browser, FIRST.code, "maker01", number_id=page, number=digits)
    assert (answer.status_code, answer["Location"]) == (302, "/")


@pytest.mark.req("KEY-2", "AUTH-1", "AUTH-2")
def test_a_wrong_number_is_the_one_refusal_and_counts_as_no_wrong_password(
    world: World, offered: None
) -> None:
    browser = client()
    page = with_number(browser)
    digits = told(browser, page)
    wrong = f"{(int(digits) + 1) % 1_000_000:06d}"
    for sent in ({"number": wrong}, {"number": digits}, {}):  # the second: used up by the first
        answer = sign_in(browser, FIRST.code, "maker01", number_id=page, **sent)
        assert answer.status_code == 422
        assert words_of(answer).count(REFUSAL) == 1
    assert person(world).wrong_passwords == 0
    assert not Session.objects.exists()
    assert Entry.objects.filter(reason="number").count() == 3


@pytest.mark.req("KEY-2")
def test_after_a_failure_the_page_has_another_number(world: World, offered: None) -> None:
    browser = client()
    page = with_number(browser)
    again = sign_in(browser, FIRST.code, "maker01", "wrong", number_id=page, number="1")
    assert form_with(again, "password").fields["number_id"] not in ("", page)


@pytest.mark.req("KEY-2")
def test_a_number_is_said_once_in_the_readers_language(world: World, offered: None) -> None:
    browser = Client(**ENGLISH)
    browser.get(reverse("entry:number", args=["page"]))
    words = reverse("entry:number_in_words", args=["page"])
    said = browser.post(words)
    assert re.fullmatch(r"([a-z]+ ){5}[a-z]+", said.content.decode())
    assert said["Content-Type"].startswith("text/plain")
    assert browser.post(words).content == b""


# --- choosing ------------------------------------------------------------------------------------
@pytest.mark.req("KEY-1", "KEY-2")
def test_a_choice_at_the_door_is_kept_by_this_browser_and_leads_back(offered: None) -> None:
    browser = client()
    sent = {"entry": "keypad", "wanted": "on", "next": "/accounts/"}
    answer = browser.post(reverse("entry:choose"), sent)
    assert answer["Location"] == "/sign-in/?next=%2Faccounts%2F"
    kept = browser.cookies[settings.ENTRY_COOKIE_NAME]
    assert (kept.value, kept["httponly"], kept["samesite"]) == ("keypad", True, "Lax")
    browser.post(reverse("entry:choose"), {"entry": "number", "wanted": "on"})
    page = browser.get(DOOR).content.decode()
    assert "data-keypad" in page
    assert "data-number" in page
    browser.post(reverse("entry:choose"), {"entry": "keypad"})
    browser.post(reverse("entry:choose"), {"entry": "made-up", "wanted": "on"})
    assert browser.cookies[settings.ENTRY_COOKIE_NAME].value == "number"


@pytest.mark.req("KEY-1", "DEL-3")
def test_who_prefers_the_keypad_finds_it_at_the_next_sign_in(world: World, offered: None) -> None:
    browser = client()
    sign_in(browser, FIRST.code, "maker02")
    assert settings.ENTRY_COOKIE_NAME not in browser.cookies
    User.objects.filter(pk=person(world).pk).update(prefers_keypad=True)
    other = client()
    sign_in(other, FIRST.code, "maker01")
    assert other.cookies[settings.ENTRY_COOKIE_NAME].value == "keypad"


@pytest.mark.req("AUTH-1")
def test_the_form_can_be_filled_in_by_a_password_manager_and_without_a_script() -> None:
    page = client().get(DOOR).content.decode()
    (password,) = re.findall(r'<input type="password"[^>]*>', page)
    assert 'autocomplete="current-password"' in password
    assert " required" in password
    assert 'autocomplete="username"' in page
    assert "onpaste" not in page
    assert 'type="reset"' in page
    assert re.search(r"<button[^>]*data-show-password hidden>", page)


@pytest.mark.req("KEY-1", "AUTH-10")
def test_an_address_that_tries_made_up_keypads_too_often_has_to_wait(
    world: World, offered: None
) -> None:
    SignInPolicy.objects.update(address_limit=5)
    sent = {"password": "", "keypad_deal": "made-up", "keypad_codes": "x"}
    tries = [sign_in(client(), FIRST.code, "maker01", **sent).status_code for _ in range(7)]
    assert tries == [422] * 5 + [429] * 2
    assert client().post(reverse("entry:keypad")).status_code == 429


@pytest.mark.req("KEY-1", "DEL-3")
def test_a_choice_among_the_own_settings_reaches_the_door(world: World, offered: None) -> None:
    person_there = Browser.of(world, "maker02")
    sent = {"form": "settings", "language": "zh-hant", "start_page": "home"}
    person_there.post("enterprise:profile", **sent, prefers_keypad="on")
    kept = person_there.client.cookies[settings.ENTRY_COOKIE_NAME]
    assert kept.value == "keypad"
    person_there.post("enterprise:profile", **sent)
    assert person_there.client.cookies[settings.ENTRY_COOKIE_NAME].value == ""
