"""Sign-in help on the staff site, and the staff's own way back in (AUTH-2, AUTH-9)."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from identity.models import User
from identity.states import UserState
from tests.factories.helping import code_sent_to
from tests.factories.http import ENGLISH, Browser, form_to, form_with, reference_in, words_of
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site")]
NEW = "Battery9staple"
TYPED = {"identified_by": "in person", "reason": "Form 113-0042"}


def ask(maker: Browser, name: str, person: User) -> str:
    form = form_with(maker.get(name, person.public_id), "identified_by")
    reference = reference_in(maker.post(name, person.public_id, **(form.fields | TYPED)))
    page = maker.get("approvals:request", reference)
    submit = form_to(page, reverse("approvals:submit", args=[reference]))
    return reference_in(maker.client.post(submit.action, submit.fields))


@pytest.mark.req("AUTH-2", "AUTH-9", "DUAL-1")
@pytest.mark.parametrize(
    ("maker", "checker", "person"),
    [
        ("branch001", "branch011", "first:security1"),
        ("branchsec1", "branchsec2", "branch003"),
        ("security01", "security02", "branchsec1"),
    ],
)
def test_two_persons_of_the_unit_above_let_somebody_in_again(
    world: World, maker: str, checker: str, person: str
) -> None:
    company, _, login = person.rpartition(":")
    user = world.first.people[login] if company else world.staff[login]
    user.pause()
    user.save()
    asking = Browser.officer(world, maker, english=True)
    page = asking.get("staff:people_help", state="PAUSED")
    assert reverse("staff:help_unlock", args=[user.public_id]) in page.content.decode()
    assert "Sign-in help" in words_of(page)
    reference = ask(asking, "staff:help_credentials", user)
    releasing = Browser.officer(world, checker, card=True, english=True)
    assert reference in words_of(releasing.get("approvals:inbox"))
    shown = words_of(releasing.get("approvals:request", reference))
    assert "The release lifts the pause too." in shown
    assert "In person, with an identity document" in shown
    releasing.decide(reference, "release")
    user.refresh_from_db()
    assert user.state == UserState.ACTIVE
    assert not user.has_usable_password()
    assert code_sent_to(user)


@pytest.mark.req("AUTH-9")
def test_a_person_of_the_bank_begins_again_at_their_own_door(world: World) -> None:
    user = world.staff["branch003"]
    reference = ask(Browser.officer(world, "branchsec1"), "staff:help_credentials", user)
    Browser.officer(world, "branchsec2", card=True).decide(reference, "release")
    client = Client(**ENGLISH)
    page = client.get(reverse("staff:activate"))
    assert "the branch's security pair" in words_of(page)
    typed = {"login_name": "branch003", "code": "WRONG", "new": NEW, "again": NEW}
    refused = client.post(reverse("staff:activate"), typed)
    assert refused.status_code == 422
    assert "The names or the code are not right" in words_of(refused)
    answer = client.post(reverse("staff:activate"), typed | {"code": code_sent_to(user)})
    assert answer["Location"] == reverse("staff:sign_in") + "?ended=password"
    sent = {"login_name": "branch003", "password": NEW}
    assert client.post(reverse("staff:sign_in"), sent).status_code == 302


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize(
    ("login", "person"),
    [
        ("branch001", "branch003"),
        ("branchsec1", "branch002"),
        ("branchsec1", "first:security1"),
        ("branchsec1", "branchsec2"),
        ("branch002", "first:security1"),
        ("security01", "security02"),
        ("security01", "branch001"),
    ],
)
def test_whom_the_unit_does_not_help_is_unknown_to_it(
    world: World, login: str, person: str
) -> None:
    company, _, name = person.rpartition(":")
    user = world.first.people[name] if company else world.staff[name]
    officer = Browser.officer(world, login)
    for address in ("staff:help_unlock", "staff:help_credentials"):
        assert officer.get(address, user.public_id).status_code == 404
        sent = {"idempotency_key": "k", **TYPED}
        assert officer.post(address, user.public_id, **sent).status_code == 404


@pytest.mark.parametrize("login", ["auditor001", "pki00001"])
def test_who_helps_nobody_finds_no_such_page(world: World, login: str) -> None:
    assert Browser.officer(world, login).get("staff:people_help").status_code == 403


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_the_pages_are_in_one_language(world: World, language: str) -> None:
    officer = Browser.officer(world, "branchsec1", english=language == "en")
    user = world.staff["branch001"]
    for page in (
        officer.get("staff:people_help"),
        officer.get("staff:help_credentials", user.public_id),
    ):
        text = words_of(page)
        assert ("New credentials" in text) == (language == "en")
        assert ("重設密碼" in text) == (language == "zh-hant")
