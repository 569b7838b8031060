"""The certificate counter before people's eyes: at a desk and on a phone, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import sync_playwright

from certificates.models import Certificate
from tests.branch_ops.counter_stories import (
    OTHER_MAKER,
    Counter,
    certificate_of,
    lifted_twice,
)
from tests.factories.site import DESK_SIZE, PHONE_SIZE, Desk, Site, browsing, serving
from tests.factories.sites import show_factor
from tests.factories.world import PASSWORD, World

pytestmark = pytest.mark.req("CERT-7")


@pytest.fixture
def staff_desk(
    staff_site: None, open_world: World, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """Return a desk at the staff site, at which a maker of the first branch has signed in."""
    # The browser's driver keeps a loop in this thread, and Django would refuse the database there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as driver, serving() as address, browsing(driver) as browser:
        site = Site(address, open_world, browser, set())
        with site.desk() as desk:
            desk.page.goto(f"{address}/sign-in/")
            desk.page.fill("#id_login_name", OTHER_MAKER)
            desk.page.fill("#id_password", PASSWORD)
            with desk.page.expect_navigation():
                desk.page.click("button.staff-primary")
            show_factor(OTHER_MAKER)
            yield desk


def pages(world: World, waiting: Certificate, running: Certificate, held: Certificate) -> list[str]:
    """Return the addresses of the counter's pages, each in a state worth looking at."""
    number = world.first.people["review1a"].public_id
    named = [
        ("certificates", []),
        ("people", []),
        ("application", [number]),
        ("certificate", [waiting.pk]),
        ("letter", [waiting.pk]),
        ("certificate", [running.pk]),
        ("suspension", [running.pk]),
        ("scope", [running.pk]),
        ("revocation", [running.pk]),
        ("certificate", [held.pk]),
        ("suspension", [held.pk]),
        ("reprint", [running.pk]),
    ]
    return [reverse(f"counter:{name}", args=args) for name, args in named]


@pytest.mark.django_db(transaction=True)
def test_every_page_of_the_counter_bears_a_careful_look(
    staff_desk: Desk, open_world: World
) -> None:
    world, desk = open_world, staff_desk
    counter = Counter(world)
    counter.stationery()
    waiting = counter.applied()
    running = certificate_of(world.holder("release2"))
    held = lifted_twice(world)
    found = pages(world, waiting, running, held)
    for size in (DESK_SIZE, PHONE_SIZE):
        desk.page.set_viewport_size(size)
        for path in found:
            desk.open(path)
        desk.open(reverse("counter:people") + "?company=22099131")
    desk.page.set_viewport_size(DESK_SIZE)
    desk.open(reverse("counter:certificates"))
    with desk.page.expect_navigation():
        desk.page.click("form.language button")
    assert "Certificate counter" in desk.page.inner_text("h1")


@pytest.mark.django_db(transaction=True)
def test_mistakes_are_said_beside_their_fields_and_the_keyboard_is_enough(
    staff_desk: Desk, open_world: World
) -> None:
    desk = staff_desk
    running = certificate_of(open_world.holder("release2"))
    desk.open(reverse("counter:revocation", args=[running.pk]))
    desk.tab_to("#id_reason")
    desk.page.keyboard.type("離職")
    desk.tab_to("main form button[type=submit]")
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    desk.look()
    desk.was_refused(422, desk.path)
    assert desk.page.input_value("#id_reason") == "離職"
    desk.reads("請選擇事由")
    desk.page.select_option("#id_cause", "AFFILIATION_CHANGED")
    with desk.page.expect_navigation():
        desk.page.click("main form button[type=submit]")
    desk.look()
    assert desk.path.startswith("/requests/C")


@pytest.mark.django_db(transaction=True)
def test_a_letter_opens_once_in_a_tab_of_its_own(staff_desk: Desk, open_world: World) -> None:
    desk, counter = staff_desk, Counter(open_world)
    counter.stationery()
    waiting = counter.applied()
    desk.open(reverse("counter:letter", args=[waiting.pk]))
    with desk.context.expect_event(
        "response", lambda answer: answer.request.method == "POST"
    ) as sent:
        desk.page.click("main form button[type=submit]")
    assert sent.value.headers["content-type"] == "application/pdf"
    desk.open(reverse("counter:letter", args=[waiting.pk]))
    desk.reads("密碼函不重複列印")
