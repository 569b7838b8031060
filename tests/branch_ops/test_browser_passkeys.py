"""A bank person's first passkey and their way in with it, in a real browser and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from identity.models import Passkey, Session
from identity.policies import Factor
from tests.factories.passkeys import code_sent_to
from tests.factories.site import PHONE_SIZE, Desk, Site, browsing, serving
from tests.factories.world import PASSWORD, World

WHO = "branch001"
STATUS = "[data-card-status]"


class Key:
    """The authenticator inside the browser's machine, as its debugger lends it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.plug_in([])

    def plug_in(self, credentials: list[dict[str, Any]]) -> None:
        """Plug in one that knows its holder and holds these passkeys."""
        self.debugger = self.desk.context.new_cdp_session(self.desk.page)
        self.debugger.send("WebAuthn.enable", {"enableUI": False})
        options = {
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }  # fmt: skip
        made = self.debugger.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self.name = {"authenticatorId": made["authenticatorId"]}
        for credential in credentials:
            self.debugger.send("WebAuthn.addCredential", self.name | {"credential": credential})

    def knows_its_holder(self, verified: bool) -> None:
        """Let the finger on it be its holder's, or somebody else's."""
        self.debugger.send("WebAuthn.setUserVerified", self.name | {"isUserVerified": verified})

    def look(self) -> None:
        """Look at the page: the debugger that looks unplugs the authenticator as it leaves."""
        kept = self.debugger.send("WebAuthn.getCredentials", self.name)["credentials"]
        self.desk.look()
        self.plug_in(kept)


@pytest.fixture
def desk(
    staff_site: None, open_world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    """Return a desk at the staff site, opened by its name: authenticators know no numbers."""
    # The browser's driver keeps a loop in this thread, and Django would refuse the database there.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    with sync_playwright() as driver, serving() as address, browsing(driver) as browser:
        named = f"http://localhost:{urlsplit(address).port}"
        settings.WEBAUTHN_RP_ID, settings.STAFF_ORIGINS = "localhost", [named]
        with Site(named, open_world, browser, set()).desk() as sat_down:
            yield sat_down


def enter(desk: Desk) -> None:
    """Press the button of the page's passkey by keyboard."""
    desk.tab_to("[data-passkey] button[type=submit]")
    desk.page.keyboard.press("Enter")


@pytest.mark.req("AUTH-1", "AUTH-5")
@pytest.mark.django_db(transaction=True)
def test_a_first_passkey_is_registered_and_opens_the_site(desk: Desk, open_world: World) -> None:
    desk.open("/sign-in/?next=/fees/")
    desk.page.fill("#id_login_name", WHO)
    desk.page.fill("#id_password", PASSWORD)
    desk.press("button.staff-primary")
    assert desk.path == "/passkeys/new/"
    desk.press("form[action='/passkeys/new/code/'] button")
    desk.reads("驗證碼已傳送至")

    desk.page.fill("#id_name", "辦公室電腦")
    desk.page.fill("#id_code", "000000")
    enter(desk)
    expect(desk.page.locator("#id_code_error")).to_contain_text("驗證碼")
    desk.look()
    desk.was_refused(422, "/passkeys/new/ask")

    key = Key(desk)
    desk.page.fill("#id_code", code_sent_to(open_world.staff[WHO]))
    enter(desk)
    desk.page.wait_for_url("**/second-factor/**")
    key.look()
    assert Passkey.objects.get().name == "辦公室電腦"

    key.knows_its_holder(False)
    enter(desk)
    expect(desk.page.locator(STATUS)).to_contain_text("沒有收到回應")
    assert Session.objects.get(ended_at__isnull=True).factor == Factor.PASSWORD
    _without_passkeys(desk)

    key.knows_its_holder(True)
    enter(desk)
    desk.page.wait_for_url("**/fees/")
    key.look()
    session = Session.objects.get(ended_at__isnull=True)
    assert session.factor == Factor.PASSKEY
    assert Passkey.objects.get().sign_count > 0

    kept = key.debugger.send("WebAuthn.getCredentials", key.name)["credentials"]
    desk.open("/passkeys/")
    desk.reads("辦公室電腦", "您唯一的第二驗證要素")
    desk.open("/passkeys/new/")
    desk.page.set_viewport_size(PHONE_SIZE)
    for path in ("/passkeys/", "/passkeys/new/"):
        desk.open(path)
    key.plug_in(kept)
    desk.page.fill("#id_name", "第二把")
    enter(desk)
    expect(desk.page.locator(STATUS)).to_contain_text("已有您的通行密鑰")
    desk.page.locator("form.language button").first.click()
    expect(desk.page.locator("h1")).to_have_text("Register a passkey")


def _without_passkeys(desk: Desk) -> None:
    """Look at the gate with a browser that knows no passkeys: it says so in words."""
    page = desk.context.new_page()
    page.add_init_script("delete globalThis.PublicKeyCredential")
    page.goto(f"{desk.site.address}/second-factor/")
    expect(page.locator(STATUS)).to_contain_text("此瀏覽器無法使用通行密鑰")
    page.close()
