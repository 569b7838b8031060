"""The two doors in a browser: keypad, number, news and files, by mouse and by keyboard alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connections
from playwright.sync_api import Page, Playwright, expect

from identity.models import Session, SignInPolicy, User
from kernel import clock
from tests.factories.publications import publish_file, publish_news
from tests.factories.site import PHONE_SIZE, Desk, Site, browsing
from tests.factories.sites import both_sites
from tests.factories.world import FIRST, make_world
from tests.servers import Servers, empty_tables

KEYED = "Harbour-2026!"
SIGN_IN = "form[data-door] button[type=submit]:not([form])"
pytestmark = pytest.mark.req("AUTH-1", "KEY-1", "KEY-2", "KEY-3")
Doors = tuple[Site, Site]


@pytest.fixture(scope="module")
def doors(
    django_db_setup: None, django_db_blocker: Any, servers: Servers, worker: str,
    playwright: Playwright, makes_seen: set[str],
) -> Iterator[Doors]:  # fmt: skip
    """Return both running sites of a small bank that offers keypad and number."""
    patch = pytest.MonkeyPatch()
    patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with django_db_blocker.unblock():
        now = clock.now()
        world = make_world(now)
        people = User.objects.filter(login_name__in=["maker01", "branch001"])
        people.update(password=make_password(KEYED))
        SignInPolicy.objects.update(keypad_offered=True, number_offered=True)
        publish_file(now)
        for day in range(6):
            publish_news(now, from_date=clock.business_date(now) - timedelta(days=day))
        with both_sites() as (enterprise, staff), browsing(playwright) as browser:
            yield (
                Site(enterprise, world, browser, makes_seen),
                Site(staff, world, browser, makes_seen),
            )
        SignInPolicy.objects.update(keypad_offered=False, number_offered=False)
        connections.close_all()
        empty_tables(servers, worker)
    patch.undo()


def fill_in(page: Page, *, staff: bool = False) -> None:
    """Type all but the password."""
    if not staff:
        page.fill("#id_company_code", FIRST.code)
    page.fill("#id_login_name", "branch001" if staff else "maker01")


def keypad_is_there(page: Page) -> None:
    """Wait until the keypad lies on the page, instead of the plain field."""
    expect(page.locator("[data-keypad-keys] button").first).to_be_visible()
    expect(page.locator("[data-password]")).to_be_hidden()


def push(page: Page, text: str) -> None:
    """Press keys with the mouse, changing the planes as a person does."""
    for sign in text:
        for plane, wanted in (("shift", sign.isupper()), ("signs", not sign.isalnum())):
            button = page.locator(f"[data-keypad-{plane}]")
            if (button.get_attribute("aria-pressed") == "true") != wanted:
                button.click()
        page.locator(f"[data-plane]:not([hidden]) button:text-is('{sign}')").click()


def said_digits(words: str) -> str:
    """Return the digits of a number said in Chinese."""
    return "".join(str("零一二三四五六七八九".index(word)) for word in words.split())


def let_out(desk: Desk) -> None:
    """Sign everybody out, past the page."""
    Session.objects.update(ended_at=clock.now(), ended_why="signed out")
    desk.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)


def test_the_keypad_signs_in_by_mouse_and_by_keyboard_alone(doors: Doors) -> None:
    enterprise, _staff = doors
    with enterprise.desk() as desk:
        page = desk.page
        desk.open("/sign-in/")
        desk.press(".door-choices form:has([value=keypad]) button")
        keypad_is_there(page)
        desk.look()
        fill_in(page)
        push(page, "Wrong-2026!")
        desk.reads("已輸入 11 個字元")
        page.click("[data-keypad-erase]")
        desk.reads("已輸入 10 個字元")
        laid = page.locator("[data-plane=digits]").inner_text()
        desk.press(SIGN_IN)
        desk.was_refused(422, "/sign-in/")
        # Laid anew after the failure, and nothing of what was entered is left.
        keypad_is_there(page)
        desk.reads("尚未輸入")
        assert page.input_value("#id_login_name") == ""
        assert page.locator("[data-plane=digits]").inner_text() != laid

        # By keyboard: Tab to the keypad, arrows between its keys, typing presses them.
        fill_in(page)
        page.focus("#id_login_name")
        desk.tab_to(".keypad-key")
        first = page.evaluate("document.activeElement.textContent")
        page.keyboard.press("ArrowRight")
        second = page.evaluate("document.activeElement.textContent")
        assert first != second
        page.keyboard.press("Enter")
        desk.reads("已輸入 1 個字元")
        page.keyboard.press("Backspace")
        page.keyboard.type(KEYED)
        desk.reads(f"已輸入 {len(KEYED)} 個字元")
        page.wait_for_timeout(1100)  # as long as a person needs for so many signs
        desk.tab_to(SIGN_IN)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        assert desk.path == "/"
        let_out(desk)


def test_the_number_is_read_from_its_words_and_the_reset_clears_everything(doors: Doors) -> None:
    enterprise, _staff = doors
    with enterprise.desk() as desk:
        page = desk.page
        desk.open("/sign-in/")
        desk.press(".door-choices form:has([value=number]) button")
        fill_in(page)
        page.fill("#id_password", "never sent")
        page.click("[data-show-password]")
        assert page.get_attribute("#id_password", "type") == "text"
        desk.look()
        page.click("button[type=reset]")
        assert page.get_attribute("#id_password", "type") == "password"
        for name in ("company_code", "login_name", "password"):
            assert page.input_value(f"#id_{name}") == ""
        fill_in(page)
        page.fill("#id_password", KEYED)
        page.click("[data-number-words]")
        said = page.locator("[data-number-said]")
        expect(said).to_contain_text(" ")
        page.fill("#id_number", said_digits(said.inner_text()))
        desk.press(SIGN_IN)
        assert desk.path == "/"
        let_out(desk)


@pytest.mark.parametrize("language", ["zh-hant", "en"])
def test_both_doors_are_whole_at_a_desk_and_on_a_phone(doors: Doors, language: str) -> None:
    for site, cookie in zip(doors, ("corpbank_enterprise", "corpbank_staff"), strict=True):
        with site.desk() as desk:
            desk.context.add_cookies([
                {"name": f"{cookie}_language", "value": language, "url": site.address},
                {"name": f"{cookie}_entry", "value": "keypad.number", "url": site.address},
            ])  # fmt: skip
            for size in (None, PHONE_SIZE):
                if size:
                    desk.page.set_viewport_size(size)
                desk.open("/sign-in/")
                keypad_is_there(desk.page)
                desk.look()
            with desk.page.expect_navigation():
                desk.page.locator(".door-more a").click()
            desk.look()
            with desk.page.expect_navigation():
                desk.page.locator(".bulletin-title").first.click()
            desk.look()


def test_a_file_is_downloaded_from_the_door(doors: Doors) -> None:
    enterprise, _staff = doors
    with enterprise.desk() as desk:
        desk.open("/sign-in/")
        with desk.page.expect_download() as found:
            desk.page.locator(".downloads a").first.click()
        assert found.value.suggested_filename == "使用手冊.pdf"


def test_without_scripts_the_plain_field_stays(doors: Doors) -> None:
    enterprise, _staff = doors
    with enterprise.desk(java_script_enabled=False) as desk:
        desk.context.add_cookies([
            {"name": settings.ENTRY_COOKIE_NAME, "value": "keypad", "url": enterprise.address}
        ])  # fmt: skip
        page = desk.page
        page.goto(enterprise.address + "/sign-in/")
        expect(page.locator("[data-keypad]")).to_be_hidden()
        expect(page.locator("main")).to_contain_text("動態鍵盤需要 JavaScript")
        fill_in(page)
        page.fill("#id_password", KEYED)
        with page.expect_navigation():
            page.locator(SIGN_IN).click()
        assert desk.path == "/"
        let_out(desk)
