"""The read-only window warns before the automatic sign-out, as the pages for work do."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connections
from playwright.sync_api import Playwright, expect, sync_playwright

from identity.models import SignInPolicy
from tests.branch_ops.test_stock_browser import look, sit_down
from tests.factories.site import browsing, serving
from tests.factories.world import World

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("staff_site"),
    pytest.mark.req("SES-1"),
]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Return the driver of browsers, started."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as started:
        # The driver keeps a loop in this thread, and Django would refuse the database there.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield started


def test_the_window_warns_lets_people_stay_and_leads_back_after_the_end(
    open_world: World, playwright: Playwright
) -> None:
    SignInPolicy.objects.filter(id=1).update(idle_minutes=4, warning_seconds=120)
    complaints: list[str] = []
    with serving() as address, browsing(playwright) as browser:
        context = browser.new_context(locale="zh-TW")
        context.clock.install()
        page = sit_down(context, open_world, "branch001", english=False, at=address)
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type != "info" else None,
        )
        page.goto(f"{address}/transfers/paymentorder/")
        warning = page.locator("dialog[data-idle]")
        page.clock.run_for(100_000)
        expect(warning).to_be_hidden()
        page.clock.run_for(25_000)
        expect(warning).to_be_visible()
        expect(warning).to_contain_text(re.compile(r"[01]:\d\d"))
        look(page, "window_idle")
        with page.expect_response("**/stay/") as answer:
            page.keyboard.press("Enter")
        assert answer.value.status == 204
        expect(warning).to_be_hidden()
        with page.expect_navigation():
            page.clock.run_for(241_000)
        assert page.url == f"{address}/sign-in/?ended=idle&next=%2Ftransfers%2Fpaymentorder%2F"
        context.close()
    assert complaints == []
    connections.close_all()
