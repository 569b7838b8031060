"""Signing and getting about in the browser: what stops a signature, what carries each reader."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from approvals.models import Decision, Request
from certificates import operations as certificates
from certificates.models import Certificate
from identity.models import SignInPolicy
from identity.policies import Factor
from kernel import clock
from tests.factories import world as worlds
from tests.factories.site import DESK_SIZE, PHONE_SIZE, Desk, Site
from tests.factories.world import FROM, PASSWORD, PIN, SECOND

WRONG_PIN = "864209"
SIGN_IN = "/sign-in/"


@pytest.fixture
def pending(site: Site) -> str:
    """Return a transfer that waits for one releaser."""
    return submitted(site, 9_000)


def submitted(site: Site, amount: int) -> str:
    """Submit a transfer without the browser and return its number."""
    world = site.world
    world.now = clock.now().replace(microsecond=0)
    return worlds.submit(world, world.holder("maker01", card=False), amount)


def decisions_on(reference: str) -> int:
    """Return how many decisions were taken."""
    return Decision.objects.filter(revision__request__reference=reference).count()


def status(desk: Desk, act: str = "release"):
    """Return where the signing panel tells how it stands."""
    return desk.page.locator(f"form[action$='/{act}/'] [data-card-status]")


@pytest.mark.req("SIGN-6")
def test_wrong_pins_show_the_tries_left_and_the_third_locks_the_card(
    desk: Desk, pending: str
) -> None:
    desk.be("release2")
    desk.open(f"/requests/{pending}/")
    for left in ("2", "1"):
        desk.attempt("release", pin=WRONG_PIN)
        expect(status(desk)).to_contain_text(left)
        desk.was_refused(422, "/card/unlock")
        assert desk.page.input_value("#pin-release") == ""
    desk.attempt("release", pin=WRONG_PIN)
    expect(status(desk)).to_contain_text("鎖定")
    desk.look()
    desk.was_refused(422, "/card/unlock")
    assert decisions_on(pending) == 0
    desk.open(f"/requests/{pending}/")
    assert desk.page.locator("form[data-sign]").count() == 0
    desk.reads("您的卡片無法使用")
    assert Request.objects.get(reference=pending).state == "PENDING"


@pytest.mark.req("SIGN-6", "AUTH-3")
def test_another_browser_ends_the_session_here_but_does_not_hold_the_key(
    desk: Desk, site: Site, pending: str
) -> None:
    desk.be("release1")
    with site.desk() as other:
        other.sign_in(site.world.company.code, "release1")
        other.press("form[action='/sign-in/elsewhere/'] button[type=submit]")
        other.has_shown(Factor.CARD, site.world.first.people["release1"])
        desk.open("/inbox/")
        assert desk.path == SIGN_IN
        desk.person = ""
        other.open(f"/requests/{pending}/")
        expect(status(other)).to_contain_text("This browser does not hold the key of your card.")
        assert other.page.locator("#pin-release").is_disabled()
        other.look()
        other.sign_out()


@pytest.mark.req("SIGN-2")
def test_a_suspended_certificate_signs_nothing(desk: Desk, site: Site) -> None:
    reference = submitted(site, 12_000)
    desk.be("review1b")
    desk.open(f"/requests/{reference}/")
    user = site.world.first.people["review1b"]
    certificate = Certificate.objects.get(holder=user, state="ACTIVE", purpose="SIGNING")
    certificates.suspend(
        serial_number=certificate.serial_number, actor=None, now=clock.now(), reason="lost"
    )
    desk.attempt("review")
    expect(status(desk, "review")).to_contain_text("您已登出，請重新登入後繼續。")
    desk.was_refused(401, f"/requests/{reference}/prepare/review/")
    assert decisions_on(reference) == 0
    desk.open(f"/requests/{reference}/")
    assert desk.path == SIGN_IN
    desk.page.fill("#id_company_code", site.world.company.code)
    desk.page.fill("#id_login_name", "review1b")
    desk.page.fill("#id_password", PASSWORD)
    desk.press(".sign-in-card button[type=submit]")
    assert desk.path == f"/requests/{reference}/"
    desk.reads("已由本行於", "僅營業部可解除暫禁")
    assert desk.page.locator("form[data-sign]").count() == 0


@pytest.mark.req("TRF-8")
def test_a_double_click_signs_once(desk: Desk, pending: str) -> None:
    desk.be("release1")
    desk.open(f"/requests/{pending}/")
    desk.page.fill("#pin-release", PIN)
    desk.page.dblclick("form[action$='/release/'] button[type=submit]")
    desk.arrive("/requests/*/done/")
    desk.reads("The amount has been posted to the payee's account.")
    assert decisions_on(pending) == 1


def test_without_scripts_a_request_can_be_read_and_says_what_signing_needs(
    desk: Desk, site: Site, pending: str
) -> None:
    desk.be("release1")
    cookies = desk.context.cookies()
    context = site.browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto(f"{site.address}/requests/{pending}/")
    expect(page.locator("main")).to_contain_text("9,000")
    expect(page.locator("noscript p").first).to_be_visible()
    told = page.locator("noscript p").first.evaluate("(told) => told.textContent")
    assert told == "Signing needs JavaScript. You can read everything without it."
    context.close()


@pytest.mark.req("SIGN-1")
def test_the_keyboard_alone_releases_a_transfer(desk: Desk, pending: str) -> None:
    desk.be("release1")
    desk.open("/inbox/")
    keys = desk.page.keyboard
    desk.tab_to(f"main a[href='/requests/{pending}/']")
    keys.press("Enter")
    desk.arrive(f"/requests/{pending}/")
    desk.tab_to("#pin-release")
    keys.type(PIN)
    desk.tab_to("form[action$='/release/'] button[type=submit]")
    keys.press("Enter")
    desk.arrive("/requests/*/done/")
    assert Request.objects.get(reference=pending).state == "RELEASED"


def test_every_page_is_complete_in_both_languages_and_fits_a_phone(desk: Desk, site: Site) -> None:
    reference = submitted(site, 15_000)
    desk.be("maker01")
    draft = worlds.draft(site.world, site.world.holder("maker01", card=False), 7_000)
    pages = [
        "/", "/inbox/", "/inbox/?tab=mine", "/inbox/?tab=all&text=nothing-like-this", "/transfers/",
        "/transfers/new/", f"/transfers/{draft}/check/", f"/requests/{draft}/",
        f"/requests/{reference}/", f"/requests/{reference}/done/", "/accounts/",
        f"/accounts/{FROM}/", "/certificates/", "/sign-ins/",
    ]  # fmt: skip
    desk.page.set_viewport_size(PHONE_SIZE)
    for language in ("en", "zh-Hant-TW"):
        desk.press(".language button")
        assert desk.page.locator("html").get_attribute("lang") == language
        for path in pages:
            desk.open(path)
    desk.page.locator(".phone-menu > summary").click()
    desk.look()
    desk.open("/")
    desk.sign_out()
    desk.be("review1a")
    for path in ("/", "/certificates/card/", "/certificates/", f"/requests/{reference}/"):
        desk.open(path)
    desk.page.locator("#act-return summary").click()
    desk.look()
    desk.page.set_viewport_size(DESK_SIZE)


def test_what_others_own_is_not_found(desk: Desk, pending: str) -> None:
    desk.be("release1", company="second")
    for path in (f"/requests/{pending}/", f"/accounts/{FROM}/", "/nothing/here/"):
        desk.open(path)
        desk.was_refused(404, path)
        desk.reads("This page was not found")


def test_what_was_typed_wrongly_is_kept_and_told_beside_the_field(desk: Desk) -> None:
    desk.be("maker01")
    count = Request.objects.count()
    desk.open("/transfers/new/")
    for amount in ("-1", "1e9", "０", "12,34", "1" + "0" * 20, "1.005", "10.50", "abc"):
        desk.fill_in(
            from_account=FROM, payee_account="2000 0000 0012", payee_name=SECOND.name,
            amount=amount, memo="<script>alert(1)</script>",
        )  # fmt: skip
        desk.press("main form button[type=submit]")
        desk.was_refused(422, "/transfers/new/")
        error = desk.page.locator("#id_amount_error")
        expect(error).not_to_be_empty()
        assert "id_amount_error" in (
            desk.page.get_attribute("#id_amount", "aria-describedby") or ""
        )
        expect(desk.page.locator(".error-summary")).to_be_focused()
        assert desk.page.input_value("#id_amount") == amount
        assert desk.page.input_value("#id_memo") == "<script>alert(1)</script>"
        assert desk.page.input_value("#id_payee_account") == "2000 0000 0012"
    assert Request.objects.count() == count
    desk.page.set_viewport_size(PHONE_SIZE)
    desk.look()
    desk.page.set_viewport_size(DESK_SIZE)


@pytest.mark.req("SES-1")
def test_the_idle_warning_lets_people_stay_and_then_signs_them_out(site: Site) -> None:
    SignInPolicy.objects.update_or_create(id=1, defaults={"idle_minutes": 4})
    with site.desk() as desk:
        desk.page.clock.install()
        desk.be("maker02")
        warning = desk.page.locator("dialog[data-idle]")
        desk.page.clock.run_for(110_000)
        expect(warning).to_be_hidden()
        desk.page.clock.run_for(15_000)
        expect(warning).to_be_visible()
        expect(warning).to_contain_text(re.compile(r"[01]:\d\d"))
        desk.look()
        with desk.page.expect_response("**/stay/") as answer:
            desk.page.keyboard.press("Enter")
        assert answer.value.status == 204
        expect(warning).to_be_hidden()
        desk.page.clock.run_for(125_000)
        expect(warning).to_be_visible()
        with desk.page.expect_navigation():
            desk.page.clock.run_for(120_000)
        desk.look()
        desk.reads("您因一段時間未操作而自動登出。")
    SignInPolicy.objects.update_or_create(id=1, defaults={"idle_minutes": 10})


@pytest.mark.req("SES-1")
def test_after_signing_out_the_back_button_shows_nothing(desk: Desk) -> None:
    desk.be("maker01")
    desk.open(f"/accounts/{FROM}/")
    desk.reads("8,")
    desk.sign_out()
    desk.page.go_back()
    desk.page.wait_for_url(f"**{SIGN_IN}**")
    desk.look()
    expect(desk.page.locator("body")).not_to_contain_text("營運帳戶")
