"""Sign-in help and the staff's own way back in before people's eyes, in both languages."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import sync_playwright

from tests.factories.http import Browser
from tests.factories.site import DESK_SIZE, PHONE_SIZE, Site, browsing, serving
from tests.factories.world import World


@pytest.mark.django_db(transaction=True)
def test_the_staff_pages_bear_a_careful_look(
    staff_site: None, open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The browser's driver keeps a loop in this thread, and Django would refuse the database there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    person = open_world.staff["branch001"]
    begin = reverse("staff:activate")
    with (
        sync_playwright() as driver,
        serving() as address,
        browsing(driver) as browser,
        Site(address, open_world, browser, set()).desk() as desk,
    ):
        desk.open(begin)
        for name, text in (("login_name", "branch001"), ("code", "AAAA-AAAA")):
            desk.page.fill(f"#id_{name}", text)
        desk.press("button.staff-primary")
        desk.was_refused(422, begin)
        # Having shown a passkey, as the second factor's own walk does.
        key = Browser.officer(open_world, "branchsec1").session_key
        desk.context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": address}]
        )
        for size in (PHONE_SIZE, DESK_SIZE):
            desk.page.set_viewport_size(size)
            desk.open(reverse("staff:people_help"))
            desk.open(reverse("staff:help_credentials", args=[person.public_id]))
        desk.press("form.language button")
        desk.reads("New credentials")
