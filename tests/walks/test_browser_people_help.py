"""Letting people in again before people's eyes: at a desk and on a phone, in both languages."""

from __future__ import annotations

from django.urls import reverse

from identity.models import Session
from identity.policies import Factor
from tests.factories.helping import renew
from tests.factories.site import DESK_SIZE, PHONE_SIZE, Desk
from tests.factories.world import FIRST

NEW = "Battery9staple"
SUBMIT = "main form.form-stack button[type=submit]"


def test_the_maker_finds_the_person_and_the_person_begins_again_by_keyboard(desk: Desk) -> None:
    world = desk.site.world
    person = world.first.people["maker01"]
    desk.sign_in(FIRST.code, "security1")
    Session.objects.filter(user=world.first.people["security1"], ended_at=None).update(
        factor=Factor.CARD
    )
    credentials = reverse("enterprise:help_credentials", args=[person.public_id])
    for size in (PHONE_SIZE, DESK_SIZE):
        desk.page.set_viewport_size(size)
        desk.open(reverse("enterprise:people_help"))
        desk.open(credentials)
    desk.tab_to("#id_reason")
    desk.page.keyboard.type("申請書 113-0042")
    desk.tab_to(SUBMIT)
    with desk.page.expect_navigation():
        desk.page.keyboard.press("Enter")
    desk.look()
    desk.was_refused(422, credentials)
    desk.reads("請選擇如何確認身分")
    assert desk.page.input_value("#id_reason") == "申請書 113-0042"
    desk.page.check("input[name=identified_by][value='called back']")
    desk.press(SUBMIT)
    desk.reads("回撥登記電話確認", "申請書 113-0042")
    desk.open(reverse("enterprise:people_help"))
    desk.reads("申請辦理中")
    desk.sign_out()

    code = renew(world, person)
    desk.page.set_viewport_size(PHONE_SIZE)
    desk.open(reverse("enterprise:activate"))
    desk.page.set_viewport_size(DESK_SIZE)
    desk.press("form.language button")
    desk.reads("First use or forgotten password")
    for text in (FIRST.code, "maker01", "AAAA-AAAA", NEW, NEW):
        desk.tab_to("main form.form-stack input")
        desk.page.keyboard.type(text)
    desk.press(SUBMIT)
    desk.was_refused(422, reverse("enterprise:activate"))
    desk.reads("The names or the code are not right")
    for name, text in (("code", code), ("new", NEW), ("again", NEW)):
        desk.page.fill(f"#id_{name}", text)
    desk.press(SUBMIT)
    assert desk.path == "/sign-in/"
    desk.sign_in(FIRST.code, "maker01", NEW)
    assert desk.path == "/"
