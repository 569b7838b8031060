"""A certificate's hard days in the browser: suspended by the supervisor, lifted, lost, renewed.

Each page is looked at on a desk and on a phone, in both languages.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from playwright.sync_api import expect

from certificates import operations as certificates
from certificates.models import Certificate
from certificates.operations import PrintedLetter
from certificates.queries import own_certificates
from identity.models import User
from kernel import clock
from tests.factories import world as worlds
from tests.factories.site import DESK_SIZE, PHONE_SIZE, Desk, Site
from tests.factories.world import PIN

NEW_PASSWORD = "another horse 5 clip"
CARD = "/certificates/card/"


def newest(site: Site, login: str) -> Certificate:
    """Return a person's newest certificate as it is stored now."""
    facts = own_certificates(site.world.first.people[login].pk)[0]
    return Certificate.objects.get(pk=facts.id)


def member(site: Site, login: str) -> str:
    """Return the supervisor's page of a person's certificate."""
    return f"/certificates/company/{newest(site, login).serial_number}/"


def look_everywhere(desk: Desk, path: str) -> None:
    """Look at a page on a phone and on a desk, in Chinese and in English."""
    for _language in range(2):
        for size in (PHONE_SIZE, DESK_SIZE):
            desk.page.set_viewport_size(size)
            desk.open(path)
        desk.press("form.language button")


def release_lifting(site: Site, login: str) -> PrintedLetter:
    """Do what the branch's pair does at the counter, and print the letter."""
    certificate = newest(site, login)
    with transaction.atomic():
        certificates.release_unsuspension_step(
            certificate_id=certificate.pk, actor=None, now=clock.now()
        )
        return certificates.print_letter_step(
            certificate_id=certificate.pk, actor=None, now=clock.now()
        )


def suspend(desk: Desk, site: Site, login: str) -> None:
    """Let the supervisor suspend a member's certificate with card and keyboard alone."""
    desk.be("security2")
    desk.open(member(site, login))
    keys = desk.page.keyboard
    desk.tab_to("#act-suspend > summary")
    keys.press("Enter")
    desk.tab_to("#id_suspend_reason")
    keys.insert_text("懷疑 PIN 外洩")
    desk.tab_to("#pin-suspend")
    keys.type(PIN)
    desk.tab_to("#act-suspend button[type=submit]")
    with desk.page.expect_navigation():
        keys.press("Enter")
    desk.look()


def lift(desk: Desk, letter: PrintedLetter) -> None:
    """Let a holder lift the suspension with letter and card."""
    desk.open("/certificates/lift/")
    desk.page.fill("#id_letter_number", letter.number)
    desk.page.fill("#id_secret", letter.secret)
    desk.page.fill("#pin-lift", PIN)
    desk.press("form[data-sign] button[type=submit]")


@pytest.mark.req("CERT-3", "CERT-4", "CERT-9")
def test_suspended_twice_lifted_twice_and_the_third_time_for_ever(desk: Desk, site: Site) -> None:
    desk.be("release2")
    look_everywhere(desk, "/certificates/")
    site.world.now = clock.now().replace(microsecond=0)
    reference = worlds.submit(site.world, site.world.holder("maker01", card=False), 9_000)

    desk.be("security2")
    look_everywhere(desk, "/certificates/company/")
    look_everywhere(desk, member(site, "release2"))
    desk.reads(reference, "將無法進行", "沒有人可以代為簽核")

    for used in (1, 2):
        suspend(desk, site, "release2")
        desk.reads("憑證已暫禁", "懷疑 PIN 外洩")
        assert newest(site, "release2").suspensions == used
        desk.be("release2")
        look_everywhere(desk, "/certificates/")
        desk.reads("許文龍", "營業部", f"已使用 {used} 次")
        desk.open("/certificates/lift/")
        desk.reads("目前沒有可解除的暫禁", "營業部")
        desk.open(f"/requests/{reference}/")
        desk.reads("許文龍", "營業部")
        letter = release_lifting(site, "release2")
        look_everywhere(desk, "/certificates/lift/")
        lift(desk, letter)
        desk.reads("暫禁已解除", f"已使用 {used} 次")
        assert newest(site, "release2").state == "ACTIVE"

    desk.reads("再次暫禁即永久廢止")
    suspend(desk, site, "release2")
    desk.reads("憑證已永久廢止")
    assert newest(site, "release2").state == "REVOKED"
    desk.be("release2")
    look_everywhere(desk, "/certificates/")
    desk.reads("此為第三次暫禁", "營業部", "重新申請")


@pytest.mark.req("CERT-4")
def test_a_wrong_letter_says_what_to_do_and_changes_nothing(desk: Desk, site: Site) -> None:
    desk.be("review1a")
    certificates.suspend(
        serial_number=newest(site, "review1a").serial_number, actor=None, now=clock.now()
    )
    desk.person = ""
    desk.sign_in(site.world.company.code, "review1a")
    desk.person = "/review1a"
    letter = release_lifting(site, "review1a")
    desk.open("/certificates/lift/")
    wrong = letter.secret[:-1] + ("0" if letter.secret[-1] != "0" else "1")
    desk.page.fill("#id_letter_number", letter.number)
    desk.page.fill("#id_secret", wrong)
    desk.page.fill("#pin-lift", PIN)
    desk.press("form[data-sign] button[type=submit]")
    desk.was_refused(422, "/certificates/lift/")
    desk.reads("連續錯誤五次即鎖定")
    assert desk.page.input_value("#id_secret") == ""
    assert newest(site, "review1a").state == "UNSUSPENDING"
    lift(desk, letter)
    assert newest(site, "review1a").state == "ACTIVE"


@pytest.mark.req("CERT-10", "AUTH-5", "SES-2", "PWD-1")
def test_a_lost_card_signs_its_holder_out_and_asks_for_a_new_password(
    desk: Desk, site: Site
) -> None:
    desk.be("review1b")
    look_everywhere(desk, "/certificates/lost/")
    desk.open("/certificates/")
    desk.press("a[href='/certificates/lost/']")
    desk.page.fill("#id_reason", "在捷運上遺失")
    desk.press("form[action='/certificates/lost/'] button[type=submit]")
    assert desk.path == "/sign-in/"
    desk.reads("您的卡片已掛失")
    assert newest(site, "review1b").state == "SUSPENDED"

    desk.person = ""
    desk.sign_in(site.world.company.code, "review1b")
    assert desk.path == "/password/"
    desk.open("/inbox/")
    assert desk.path == "/password/"
    look_everywhere(desk, "/password/")
    for name in ("old", "new", "again"):
        desk.page.fill(f"#id_{name}", worlds.PASSWORD if name == "old" else "short1")
    desk.press("form[action='/password/'] button[type=submit]")
    desk.was_refused(422, "/password/")
    for name in ("old", "new", "again"):
        typed = worlds.PASSWORD if name == "old" else NEW_PASSWORD.replace(" ", "-")
        desk.page.fill(f"#id_{name}", typed)
    desk.press("form[action='/password/'] button[type=submit]")
    assert desk.path == "/sign-in/"
    desk.reads("密碼已變更")
    desk.sign_in(site.world.company.code, "review1b", NEW_PASSWORD.replace(" ", "-"))
    assert desk.path == "/"
    look_everywhere(desk, "/certificates/")
    desk.reads("掛失卡片", "無法解除暫禁", "營業部")
    desk.sign_out()


@pytest.mark.req("CERT-12")
def test_the_own_card_renews_its_certificate(
    desk: Desk, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.be("release1")
    desk.open("/certificates/renew/")
    desk.reads("Nothing to renew now", "You can renew it from")
    present, before = clock.now, newest(site, "release1")
    monkeypatch.setattr(clock, "now", lambda: present() + timedelta(days=690))
    certificates.rotate_service_keys(now=clock.now())  # as the bank does long before
    User.objects.update(password_set_at=clock.now())  # the years since brought new passwords
    desk.sign_in(site.world.company.code, "release1")
    desk.open("/certificates/")
    desk.press("a[href='/certificates/renew/']")
    look_everywhere(desk, "/certificates/renew/")
    desk.page.fill("#pin-renew", "864209")
    desk.page.click("form[data-renew] button[type=submit]")
    expect(desk.page.locator("[data-card-status]")).to_contain_text("2")
    desk.was_refused(422, "/card/unlock")
    desk.page.fill("#pin-renew", PIN)
    desk.page.click("form[data-renew] button[type=submit]")
    desk.arrive("/certificates/")
    after = newest(site, "release1")
    before.refresh_from_db()
    assert (after.state, after.renews_id, before.state) == ("ACTIVE", before.pk, "REVOKED")
    assert after.not_after is not None
    assert after.not_after > present() + timedelta(days=1_400)
    desk.sign_out()
