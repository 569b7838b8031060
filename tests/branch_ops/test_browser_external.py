"""The PKI officer's pages in a real browser: nothing cut off, nothing axe-core finds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from tests.factories.authorities import to_pem
from tests.factories.outside import (
    OTHER_POLICY,
    OutsideAuthority,
    accept_authority,
    bind,
    make_outside_authority,
)
from tests.factories.site import DESK_SIZE, PHONE_SIZE, axe_findings, browsing, serving
from tests.factories.world import FIRST, PASSWORD, World

pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("staff_site"),
    pytest.mark.req("CERT-11"),
]  # fmt: skip


@pytest.fixture
def world(open_world: World) -> World:
    return open_world


@pytest.fixture
def outside(world: World) -> OutsideAuthority:
    made = make_outside_authority(now=world.now)
    accept_authority(made, now=world.now)
    return made


@pytest.fixture
def page(
    world: World, outside: OutsideAuthority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Page]:
    """Return the browser of the officer, signed in."""
    # The browser's driver keeps a loop in this thread, and Django would refuse the database there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as playwright, serving() as address, browsing(playwright) as browser:
        context = browser.new_context(
            base_url=address, viewport=DESK_SIZE, locale="zh-TW", timezone_id="Asia/Taipei"
        )
        opened = context.new_page()
        opened.goto("/sign-in/")
        opened.fill("#id_login_name", "pki00001")
        opened.fill("#id_password", PASSWORD)
        opened.click("main button[type=submit]")
        yield opened
        context.close()


def look(page: Page) -> None:
    """Look at a page on a desk and on a phone."""
    for size in (PHONE_SIZE, DESK_SIZE):
        page.set_viewport_size(size)
        beyond = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert beyond <= 0, f"{page.url} is {beyond} pixels too wide at {size['width']}"
        assert axe_findings(page) == []


def upload(page: Page, directory: Path, der: bytes) -> None:
    file = directory / "certificate.pem"
    file.write_bytes(to_pem(der))
    page.set_input_files("#id_certificate", file)
    page.click("main form button[type=submit]")


def test_an_officer_examines_proposes_and_submits(
    world: World, outside: OutsideAuthority, page: Page, tmp_path: Path
) -> None:
    bind(world.holder("release2", card=False).user, outside.certify(), now=world.now)
    page.goto(reverse("external:index"))
    look(page)
    page.click(f"a[href='{reverse('external:examine')}']")
    look(page)
    upload(page, tmp_path, outside.certify(policy=(OTHER_POLICY,)))
    assert page.locator(".error-summary").is_visible()
    look(page)
    upload(page, tmp_path, outside.certify())
    look(page)
    page.fill("#id_company", FIRST.code)
    page.fill("#id_holder", "nobody")
    page.fill("#id_reason", "申請書 114-7")
    page.click("main form button[type=submit]")
    assert page.input_value("#id_reason") == "申請書 114-7"
    look(page)
    page.fill("#id_holder", "release1")
    page.click("main form button[type=submit]")
    page.wait_for_url("**/requests/**")
    look(page)
    page.goto(page.url.replace("/requests/", "/external/requests/"))
    look(page)
