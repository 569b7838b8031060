"""The pages of fees and equipment in a real browser: desk and phone, both languages, axe-clean."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from branch_ops import operations
from branch_ops.states import EquipmentKind, PaidFrom, Tariff
from kernel import ids
from tests.branch_ops.test_equipment import ask, consume, fulfil, issue
from tests.factories.http import Browser
from tests.factories.site import (
    DESK_SIZE,
    PHONE_SIZE,
    axe_findings,
    browsing,
    foreign_words,
    serving,
)
from tests.factories.stock import charge, clerk, deliver, designate
from tests.factories.world import FROM, World

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("staff_site")]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Return the driver of browsers, started."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        # The driver keeps a loop in this thread, and Django would refuse the database there.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield started


@pytest.fixture
def stocked(playwright: Playwright, open_world: World) -> World:
    """Return a bank whose first branch has fees and equipment in every state."""
    world, teller = open_world, clerk(open_world)
    designate(world, FROM)
    for tariff in (Tariff.ISSUE, Tariff.REISSUE, Tariff.REPRINT):
        charge(world, "certificate:1", tariff)
    operations.collect(
        item_id=charge(world), from_=PaidFrom.COUNTER, receipt_number="R-1001", actor=teller,
        form_key=ids.token(), now=world.now,
    )  # fmt: skip
    sender = clerk(world, "pki00001")
    deliver(world, sender, "RD-2026-0001", "RD-2026-0040", EquipmentKind.READER)
    deliver(world, teller, "SC-2026-000101", "SC-2026-000120", EquipmentKind.CARD)
    deliver(world, teller, "LF-000001", "LF-000030", EquipmentKind.STATIONERY)
    fulfil(world, ask(world, 3), actor=sender)
    issue(world, "RD-2026-0001")
    consume(world)
    return world


def addresses(world: World) -> list[str]:
    """Return the addresses of every page for a branch's maker."""
    number = ask(world, 5)
    fee_id = charge(world)
    return [
        "/fees/", f"/fees/{fee_id}/", f"/fees/{fee_id - 1}/",
        "/equipment/", "/equipment/items/", "/equipment/items/RD-2026-0001/",
        "/equipment/items/SC-2026-000101/", "/equipment/movements/", "/equipment/receive/",
        "/equipment/issue/", "/equipment/requisitions/", "/equipment/requisitions/new/",
        f"/equipment/requisitions/{number}/",
    ]  # fmt: skip


def sit_down(context: BrowserContext, world: World, login: str, *, english: bool, at: str) -> Page:
    """Sign a person in and let their browser have their session."""
    person = Browser.officer(world, login, english=english)
    for name, cookie in person.client.cookies.items():
        context.add_cookies([{"name": name, "value": cookie.value, "url": at}])
    language = f"{settings.LANGUAGE_COOKIE_NAME}"
    context.add_cookies([{"name": language, "value": "en" if english else "zh-hant", "url": at}])
    return context.new_page()


def look(page: Page, name: str) -> None:
    """Insist on a page that fits, reads in one language and is accessible."""
    beyond = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    assert beyond <= 0, f"{page.url} is {beyond} pixels too wide"
    assert foreign_words(page) == [], page.url
    assert axe_findings(page) == [], page.url
    pictures = os.environ.get("PICTURES")
    if pictures:
        page.screenshot(path=Path(pictures) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("english", [False, True], ids=["zh-hant", "en"])
def test_every_page_is_fit_for_desk_and_phone(
    stocked: World, playwright: Playwright, english: bool
) -> None:
    pages = addresses(stocked)
    number = pages[-1].split("/")[-2]
    language = "en" if english else "zh"
    complaints: list[str] = []
    with serving() as address, browsing(playwright) as browser:
        for login, paths in (
            ("branch001", pages),
            ("pki00001", [f"/equipment/requisitions/{number}/", "/equipment/"]),
        ):
            context = browser.new_context(locale="en" if english else "zh-TW")
            page = sit_down(context, stocked, login, english=english, at=address)
            page.on("console", lambda message: complaints.append(message.text))
            for size in (DESK_SIZE, PHONE_SIZE):
                page.set_viewport_size(size)
                for path in paths:
                    answer = page.goto(address + path)
                    assert answer is not None
                    assert answer.status == 200, path
                    look(page, f"{login}_{size['width']}_{language}{path.replace('/', '_')}")
            context.close()
    assert complaints == []
    connections.close_all()
