"""The card asked for where it is needed, and what was typed given back: both to the same form."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import expect

from approvals.models import Decision
from identity.models import FormDraft, Session, SignInPolicy
from identity.policies import Factor
from kernel import clock
from tests.factories import world as worlds
from tests.factories.site import DESK_SIZE, PHONE_SIZE, Desk, Site
from tests.factories.world import FROM, PIN, SECOND

STEP_UP, FORM = "/step-up/", "/transfers/new/"


def submitted(site: Site, amount: int) -> str:
    """Submit a transfer without the browser and return its number."""
    site.world.now = clock.now().replace(microsecond=0)
    return worlds.submit(site.world, site.world.holder("maker01", card=False), amount)


def notice(desk: Desk):
    """Return what tells that typed words are back."""
    return desk.page.locator("[data-draft-notice]")


@pytest.mark.req("AUTH-5", "SIGN-6")
def test_the_keyboard_alone_shows_the_card_and_comes_back_to_decide(desk: Desk, site: Site) -> None:
    reference = submitted(site, 12_000)
    desk.be("review1a", factor=Factor.PASSWORD)
    here = f"/requests/{reference}/"
    desk.open(here)
    assert desk.page.locator("form[data-sign]").count() == 0
    desk.tab_to(".step-up a")
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    assert desk.path == STEP_UP
    for size in (PHONE_SIZE, DESK_SIZE):
        desk.page.set_viewport_size(size)
        desk.look()
    desk.reads("您目前以密碼登入", "以卡片確認是本人", "黃淑芬")

    pin = desk.page.locator("#pin-card-sign-in")
    pin.fill("864209")
    pin.press("Enter")
    expect(desk.page.locator("[data-card-status]")).to_contain_text("2")
    desk.was_refused(422, "/card/sign-in/unlock")
    desk.tab_to("#card-sign-in button[type=submit]")
    desk.page.keyboard.press("Enter")
    expect(desk.page.locator("[data-card-status]")).to_contain_text("請輸入")
    pin.fill(PIN)
    pin.press("Enter")
    desk.arrive(here)
    desk.sign("review")
    assert Decision.objects.filter(revision__request__reference=reference).count() == 1
    desk.open(f"{STEP_UP}?next=/inbox/")
    assert desk.path == "/inbox/"


@pytest.mark.req("AUTH-5")
def test_a_browser_without_the_key_cannot_show_the_card(site: Site, desk: Desk) -> None:
    desk.be("review1a")
    desk.sign_out()
    with site.desk() as other:
        other.sign_in(site.world.company.code, "review1a")
        other.open(STEP_UP)
        expect(other.page.locator("[data-card-status]")).not_to_be_empty()
        assert other.page.locator("#pin-card-sign-in").is_disabled()
        other.look()
        other.press("form.language button")
        other.reads("This browser does not hold the key of your card.")
        other.press("form.language button")
        other.sign_out()


def type_transfer(desk: Desk) -> None:
    """Type half a transfer, and send nothing."""
    desk.fill_in(from_account=FROM, payee_name=SECOND.name, amount="4,321", memo="設備尾款")


@pytest.mark.req("SES-1")
def test_what_was_typed_is_back_after_the_server_ended_the_session(site: Site) -> None:
    with site.desk() as desk:
        desk.page.clock.install()
        desk.be("maker01")
        desk.open(FORM)
        type_transfer(desk)
        with desk.page.expect_response("**/draft/") as kept:
            desk.page.clock.run_for(21_000)
        assert kept.value.ok
        Session.objects.filter(ended_at=None).update(seen_at=F("seen_at") - timedelta(minutes=11))
        with desk.page.expect_navigation():
            desk.page.locator("main form button[type=submit]").click()
        assert desk.path == "/sign-in/"
        desk.person = ""
        desk.page.fill("#id_company_code", site.world.company.code)
        desk.page.fill("#id_login_name", "maker01")
        desk.page.fill("#id_password", worlds.PASSWORD)
        desk.press(".sign-in-card button[type=submit]")
        assert desk.path == FORM
        expect(notice(desk)).to_be_visible()
        desk.look()
        assert desk.page.input_value("#id_payee_name") == SECOND.name
        assert desk.page.input_value("#id_amount") == "4,321"
        assert desk.page.input_value("#id_from_account") == FROM
        desk.fill_in(payee_account="2000 0000 0012")
        desk.press("main form button[type=submit]")
        assert desk.path.endswith("/check/")
        assert not FormDraft.objects.exists()


@pytest.mark.req("SES-1")
def test_the_warning_keeps_the_form_two_tabs_stay_together_and_the_end_leads_back(
    site: Site,
) -> None:
    SignInPolicy.objects.filter(id=1).update(idle_minutes=3, warning_seconds=60)
    with site.desk() as desk:
        desk.page.clock.install()
        desk.be("maker02")
        desk.open(FORM)
        warning = desk.page.locator("dialog[data-idle]")
        second = desk.context.new_page()
        second.goto(site.address + "/")
        type_transfer(desk)
        with desk.page.expect_response("**/draft/"):
            desk.page.clock.run_for(130_000)
        expect(warning).to_be_visible()
        expect(second.locator("dialog[data-idle]")).to_be_visible()
        assert FormDraft.objects.filter(path=FORM).count() == 1
        with second.expect_response("**/stay/") as answer:
            second.locator("[data-idle-stay]").click()
        assert answer.value.status == 204
        expect(warning).to_be_hidden()
        second.close()
        desk.fill_in(memo="尾款二")
        with desk.page.expect_navigation():
            desk.page.clock.run_for(181_000)
        assert desk.path == "/sign-in/"
        desk.person = ""
        desk.page.fill("#id_company_code", site.world.company.code)
        desk.page.fill("#id_login_name", "maker02")
        desk.page.fill("#id_password", worlds.PASSWORD)
        desk.press(".sign-in-card button[type=submit]")
        assert desk.path == FORM
        expect(notice(desk)).to_be_visible()
        assert desk.page.input_value("#id_memo") == "尾款二"
        with desk.page.expect_response("**/draft/") as dropped:
            notice(desk).get_by_role("button").click()
        assert (dropped.value.status, dropped.value.request.post_data_json["fields"]) == (200, {})
        expect(notice(desk)).to_have_count(0)
        assert desk.page.input_value("#id_memo") == ""
        assert desk.complaints == []
        assert not FormDraft.objects.filter(path=FORM).exists()
    SignInPolicy.objects.filter(id=1).update(idle_minutes=10, warning_seconds=120)
