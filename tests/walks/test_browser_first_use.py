"""A newcomer's first use in the browser, by the keyboard alone, the virtual card included."""

from __future__ import annotations

import pytest

from certificates import operations as certificates
from identity.models import User
from kernel import clock
from tests.factories.newcomers import NEW_NAME, NEW_PASSWORD, begin_anew, sent_code
from tests.factories.site import DESK_SIZE, PHONE_SIZE, Desk, Site
from tests.factories.world import PASSWORD, PIN

PAGE = "/first-use/"


def press_enter(desk: Desk, selector: str) -> None:
    """Reach a button or link by the keyboard, press it, and look at where it leads."""
    desk.tab_to(selector)
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    desk.look()


def type_in(desk: Desk, **typed: str) -> None:
    """Reach fields by the keyboard, in the order of the page, and type."""
    for field, text in typed.items():
        desk.tab_to(f"#id_{field}")
        desk.page.keyboard.insert_text(text)


def look_everywhere(desk: Desk) -> None:
    """Look at the step on a phone and on a desk, in Chinese and in English."""
    for _language in range(2):
        for size in (PHONE_SIZE, DESK_SIZE):
            desk.page.set_viewport_size(size)
            desk.open(PAGE)
        desk.press("form.language button")


def verify(desk: Desk, user: User, channel: str) -> None:
    """Have a code sent and type it."""
    press_enter(desk, f"#id_{channel}-send")
    look_everywhere(desk)
    type_in(desk, **{f"{channel}-code": sent_code(user)})
    press_enter(desk, f"section[aria-labelledby={channel}-title] button.btn-primary")


@pytest.mark.req("DEL-3", "AUTH-4", "PWD-2", "SES-3")
def test_a_releaser_s_first_use_by_the_keyboard(desk: Desk, site: Site) -> None:
    user = begin_anew(site.world.first.people["release2"])
    letter = certificates.issue_letter(holder_id=user.pk, actor=None, now=clock.now())
    desk.sign_in(site.world.company.code, "release2")
    assert desk.path == PAGE
    look_everywhere(desk)
    type_in(desk, login_name="short1")
    press_enter(desk, ".form-stack button[type=submit]")
    desk.was_refused(422, PAGE)
    desk.page.fill("#id_login_name", NEW_NAME)
    press_enter(desk, ".form-stack button[type=submit]")

    look_everywhere(desk)
    type_in(desk, old=PASSWORD, new=NEW_PASSWORD, again=NEW_PASSWORD)
    press_enter(desk, ".form-stack button[type=submit]")
    look_everywhere(desk)
    verify(desk, user, "sms")
    verify(desk, user, "email")
    look_everywhere(desk)
    desk.page.select_option("#id_start_page", "inbox")
    press_enter(desk, ".form-stack button[type=submit]")
    desk.reads("卡片與憑證", "啟用")

    look_everywhere(desk)
    press_enter(desk, "a[href='/certificates/card/']")
    for field, text in {
        "letter_number": letter.number, "secret": letter.secret, "new_pin": PIN,
        "new_pin_again": PIN,
    }.items():  # fmt: skip
        desk.tab_to(f"#{field}")
        desk.page.keyboard.insert_text(text)
    desk.tab_to("form[data-enrol] button[type=submit]")
    desk.page.keyboard.press("Enter")
    desk.arrive(PAGE)
    desk.reads("全部完成")
    look_everywhere(desk)
    press_enter(desk, "main form button[type=submit]")
    assert desk.path == "/inbox/"

    desk.open("/profile/")
    desk.page.set_viewport_size(PHONE_SIZE)
    desk.open("/profile/")
    desk.page.set_viewport_size(DESK_SIZE)
    desk.reads("蔡宗翰", "已驗證")
    desk.sign_out()
