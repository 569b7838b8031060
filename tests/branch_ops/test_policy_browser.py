"""The pages of both policies in a real browser: desk and phone, both languages, axe-clean."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connections
from playwright.sync_api import Browser as Chromium, Playwright

from identity.models import CompanyPolicy, SignInPolicy
from tests.branch_ops.test_policy import propose, submit
from tests.branch_ops.test_stock_browser import look, playwright
from tests.factories.http import Browser
from tests.factories.site import DESK_SIZE, PHONE_SIZE, browsing, serving
from tests.factories.world import World, decide

__all__ = ["playwright"]
pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.req("AUTH-2", "PWD-1"),
]  # fmt: skip

LOUD = ("error", "warning")


@pytest.fixture
def chromium(playwright: Playwright) -> Iterator[Chromium]:
    with browsing(playwright) as browser:
        yield browser
    connections.close_all()


@pytest.fixture
def changed_world(open_world: World) -> Iterator[World]:
    """Return a bank whose figures were changed once; its row outlives tests, so it is put back."""
    reference = submit(open_world, propose(open_world, idle_minutes=9, common_words="示範銀行"))
    decide(open_world, open_world.officer("security02", card=True), reference, "release")
    yield open_world
    SignInPolicy.objects.update(idle_minutes=10)


def visit(chromium: Chromium, person: Browser, paths: list[str], name: str) -> None:
    """Open pages at the person's own session in both languages and sizes, and look at each."""
    complaints: list[str] = []
    with serving() as address:
        context = chromium.new_context(locale="zh-TW")
        for cookie_name, cookie in person.client.cookies.items():
            context.add_cookies([{"name": cookie_name, "value": cookie.value, "url": address}])
        page = context.new_page()
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in LOUD else None,
        )
        for language in ("zh-hant", "en"):
            chosen = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": address}
            context.add_cookies([chosen])
            for size in (DESK_SIZE, PHONE_SIZE):
                page.set_viewport_size(size)
                for path in paths:
                    answer = page.goto(address + path)
                    assert answer is not None
                    assert answer.status == 200, path
                    look(page, f"{name}_{size['width']}_{language}{path.replace('/', '_')}")
        context.close()
    assert complaints == []


@pytest.mark.usefixtures("staff_site")
def test_the_banks_pages_are_fit_for_desk_and_phone(
    changed_world: World, chromium: Chromium
) -> None:
    pending = propose(changed_world, idle_minutes=8)
    paths = ["/policy/", "/policy/change/", f"/policy/requests/{pending}/", f"/requests/{pending}/"]
    visit(chromium, Browser.officer(changed_world, "security01"), paths, "policy")


def test_the_companys_pages_are_fit_for_desk_and_phone(
    open_world: World, chromium: Chromium
) -> None:
    CompanyPolicy.objects.create(
        company=open_world.company, code_from=1_000_000, usual_from="08:30", usual_until="18:00"
    )
    paths = ["/company/sign-in-rules/", "/company/sign-in-rules/change/", "/password/"]
    visit(chromium, Browser.of(open_world, "security1"), paths, "rules")
