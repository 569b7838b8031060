"""The customer's door over HTTP: what is said, what is not, what the browser keeps."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from alerts.models import Message
from audit.models import Entry
from corpbank.settings import base
from identity.models import Session, User
from identity.states import StandingState, UserState
from tests.factories.http import ADDRESS, Browser, form_with, forms_of, sign_in, words_of
from tests.factories.world import FIRST, PASSWORD, SECOND, World

DOOR = "/sign-in/"
REFUSAL = "統一編號、使用者代號或密碼不正確"


def page_text(answer: HttpResponse) -> str:
    """Return a page without what differs in each sending: CSRF token and nonce."""
    text = re.sub(r'(name="csrfmiddlewaretoken" value=")[^"]*', r"\1", answer.content.decode())
    return re.sub(r'nonce="[^"]*"', "", text)


def client() -> Client:
    return Client(REMOTE_ADDR=ADDRESS)


@pytest.mark.req("AUTH-1")
def test_a_right_password_leads_home_and_back_to_the_page_that_was_wanted(world: World) -> None:
    wanted = client().get("/accounts/")
    assert wanted["Location"] == "/sign-in/?next=%2Faccounts%2F"
    browser = client()
    door = browser.get(wanted["Location"])
    fields = form_with(door, "password").fields
    assert fields["next"] == "/accounts/"
    answer = sign_in(browser, FIRST.code, "maker01", next=fields["next"])
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/")
    assert browser.get("/accounts/").status_code == 200


@pytest.mark.req("AUTH-1", "PWD-3")
def test_every_failure_reads_the_same_to_the_last_byte(world: World) -> None:
    User.objects.filter(pk=world.first.people["maker02"].pk).update(state=UserState.SUSPENDED)
    User.objects.filter(pk=world.first.people["review1b"].pk).update(state=UserState.CLOSED)
    world.second.company.__class__.objects.filter(pk=world.second.company.pk).update(
        state=StandingState.SUSPENDED
    )
    tries = {
        "unknown company": (("99999999", "maker01"), PASSWORD),
        "unknown name": ((FIRST.code, "nobody99"), PASSWORD),
        "wrong password": ((FIRST.code, "maker01"), "wrong"),
        "suspended person": ((FIRST.code, "maker02"), PASSWORD),
        "closed person": ((FIRST.code, "review1b"), PASSWORD),
        "suspended company": ((SECOND.code, "maker01"), PASSWORD),
        "nothing typed": (("", ""), ""),
        "a code too long": (("123456789", "maker01"), PASSWORD),
        "a name with a NUL": ((FIRST.code, "maker\x0001"), PASSWORD),
        "a person of the bank": (("", "branch001"), PASSWORD),
        "a person of the bank by branch": (("001", "branch001"), PASSWORD),
        "another company's name": ((SECOND.code, "maker99"), PASSWORD),
    }
    pages = {}
    for what, ((code, login), password) in tries.items():
        answer = sign_in(client(), code, login, password)
        assert answer.status_code == 422, what
        assert not answer.cookies.get(settings.SESSION_COOKIE_NAME), what
        pages[what] = page_text(answer)
    assert len(set(pages.values())) == 1
    assert not Session.objects.exists()


@pytest.mark.req("AUTH-1")
def test_a_failure_shows_one_sentence_and_empty_fields(world: World) -> None:
    answer = sign_in(client(), FIRST.code, "maker01", "wrong", next="/accounts/")
    assert words_of(answer).count(REFUSAL) == 1
    fields = form_with(answer, "password").fields
    assert {name: fields[name] for name in ("company_code", "login_name", "password")} == {
        "company_code": "",
        "login_name": "",
        "password": "",
    }
    assert fields["next"] == "/accounts/"
    for typed in (FIRST.code, "maker01", "wrong"):
        assert typed not in answer.content.decode()


@pytest.mark.req("AUTH-1", "AUTH-2")
def test_a_pause_is_shown_after_a_right_password_only(world: World) -> None:
    unknown = page_text(sign_in(client(), FIRST.code, "nobody99"))
    for _ in range(3):
        assert page_text(sign_in(client(), FIRST.code, "maker01", "wrong")) == unknown
    assert User.objects.get(pk=world.first.people["maker01"].pk).state == UserState.PAUSED
    assert page_text(sign_in(client(), FIRST.code, "maker01", "wrong again")) == unknown
    told = sign_in(client(), FIRST.code, "maker01")
    assert told.status_code == 422
    assert "暫停" in " ".join(told.context["form"].non_field_errors())
    assert not Session.objects.exists()
    assert Message.objects.filter(event="identity.user.paused").count() == 2


@pytest.mark.req("AUTH-2")
def test_three_wrong_passwords_end_the_session_that_stands(world: World) -> None:
    inside = Browser.of(world, "maker01")
    for _ in range(3):
        sign_in(client(), FIRST.code, "maker01", "wrong")
    # Whoever is paused cannot act any more, from the next click on.
    assert inside.get("enterprise:home").status_code == 302
    assert Session.objects.get(user=inside.holder.user).ended_why == "paused"


@pytest.mark.req("AUTH-8")
def test_each_sign_in_refusal_and_sign_out_is_written_down_with_its_address(world: World) -> None:
    before = Entry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    sign_in(client(), FIRST.code, "maker01", "wrong")
    sign_in(client(), "99999999", "maker01")
    browser = Browser.of(world, "maker01")
    browser.post("enterprise:sign_out")
    found = list(Entry.objects.filter(pk__gt=before).order_by("pk"))
    person = world.first.people["maker01"].public_id
    assert [(entry.event, entry.actor) for entry in found] == [
        ("identity.session.opened.refused", person),
        ("identity.session.opened.refused", "unknown"),
        ("identity.session.opened", person),
        ("identity.session.ended", person),
    ]
    assert {entry.address for entry in found} == {ADDRESS}
    assert len({entry.request_number for entry in found}) == 4
    assert all(len(entry.request_number) == 12 for entry in found)


ADDRESSES = {
    "/accounts/": "/accounts/",
    "/inbox/?tab=all": "/inbox/?tab=all",
    "": "/",
    "accounts/": "/",
    "//evil.example/": "/",
    "///evil.example": "/",
    "https://evil.example/": "/",
    "http:evil.example": "/",
    "\\\\evil.example": "/",
    "/\\evil.example": "/",
    "javascript:alert(1)": "/",
    "data:text/html,x": "/",
    "/\t/evil.example": "/",
    " //evil.example": "/",
    "/%0d%0aSet-Cookie:a=b": "/%0d%0aSet-Cookie:a=b",
    "http://testserver/accounts/": "/",
    "/" + "a" * 400: "/",
}


@pytest.mark.req("AUTH-1")
def test_the_way_on_after_signing_in_never_leaves_the_site(world: World) -> None:
    browser = client()
    for target, leads_to in ADDRESSES.items():
        answer = sign_in(browser, FIRST.code, "maker01", next=target)
        if len(target) > 300:
            assert answer.status_code == 422
            continue
        assert (answer.status_code, answer["Location"]) == (302, leads_to), target
        assert "\n" not in answer["Location"]
        browser.post(reverse("enterprise:sign_out"))


def test_the_way_back_from_choosing_a_language_never_leaves_the_site(world: World) -> None:
    for target, leads_to in ADDRESSES.items():
        answer = client().post("/language/", {"language": "en", "next": target})
        assert answer.status_code == 302
        expected = target if len(target) > 300 else leads_to
        assert answer["Location"] == expected, target


@pytest.mark.req("SES-1")
def test_a_session_key_from_before_is_never_adopted(world: World) -> None:
    browser = client()
    planted = "planted-by-somebody-else-000000000000000000"
    browser.cookies[settings.SESSION_COOKIE_NAME] = planted
    browser.get(DOOR)
    token = browser.cookies[settings.CSRF_COOKIE_NAME].value
    assert sign_in(browser, FIRST.code, "maker01").status_code == 302
    key = browser.cookies[settings.SESSION_COOKIE_NAME].value
    assert key != planted
    assert len(key) >= 43
    assert browser.cookies[settings.CSRF_COOKIE_NAME].value != token
    assert Session.objects.get(ended_at=None).key_sha256 != key


@pytest.mark.req("SES-1", "PWD-3")
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(world: World) -> None:
    browser = Browser.of(world, "maker01")
    browser.get("enterprise:home")
    session = browser.client.cookies[settings.SESSION_COOKIE_NAME]
    assert session["httponly"]
    assert session["samesite"] == "Lax"
    assert session["path"] == "/"
    assert not session["domain"]
    csrf = browser.client.cookies[settings.CSRF_COOKIE_NAME]
    assert csrf["httponly"]
    assert csrf["samesite"] == "Strict"


def test_a_visitor_is_given_no_session(world: World) -> None:
    browser = client()
    browser.get(DOOR)
    assert settings.SESSION_COOKIE_NAME not in browser.cookies


@pytest.mark.req("SES-1", "AUTH-8")
def test_signing_out_is_a_form_and_ends_the_session_at_the_bank(world: World) -> None:
    browser = Browser.of(world, "maker01")
    key = browser.session_key
    assert browser.get("enterprise:sign_out").status_code == 405
    assert browser.get("enterprise:home").status_code == 200
    form = [form for form in forms_of(browser.get("enterprise:home")) if "sign-out" in form.action]
    left = browser.client.post(form[0].action, form[0].fields)
    assert left["Location"] == DOOR
    assert left.cookies[settings.SESSION_COOKIE_NAME].value == ""
    assert not Session.objects.filter(ended_at=None).exists()
    browser.client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert browser.get("enterprise:home").status_code == 302
    assert browser.post("enterprise:stay").status_code == 302
    assert browser.post("enterprise:sign_out").status_code == 302


@pytest.mark.req("SES-1")
def test_going_back_after_signing_out_finds_nothing_kept(world: World) -> None:
    browser = Browser.of(world, "maker01")
    for name in ("enterprise:home", "transfers:accounts", "approvals:inbox", "enterprise:sessions"):
        assert browser.get(name)["Cache-Control"] == "no-store"
    assert client().get(DOOR)["Cache-Control"] == "no-store"
    assert browser.get("approvals:request", "T0")["Cache-Control"] == "no-store"


@pytest.mark.req("SES-1")
def test_why_a_session_ended_is_said_at_the_door(world: World) -> None:
    browser = Browser.of(world, "maker01")
    left = browser.post("enterprise:sign_out", reason="idle")
    assert left["Location"] == "/sign-in/?ended=idle"
    assert 'role="status"' in client().get(left["Location"]).content.decode()
    assert 'role="status"' not in client().get("/sign-in/?ended=x").content.decode()


@pytest.mark.req("AUTH-1")
def test_a_session_of_the_staff_site_opens_nothing_here(world: World) -> None:
    browser = Browser.of(world, "maker01")
    Session.objects.filter(pk=browser.session.pk).update(site="staff")
    assert browser.get("enterprise:home").status_code == 302
    assert settings.SESSION_COOKIE_NAME == "corpbank_enterprise_session"


def test_who_is_signed_in_needs_no_door(world: World) -> None:
    browser = Browser.of(world, "maker01")
    assert browser.get("enterprise:sign_in")["Location"] == "/"
    again = sign_in(browser.client, FIRST.code, "maker02")
    assert again["Location"] == "/"
    assert Session.objects.count() == 1


def test_the_door_is_shown_in_the_readers_language(world: World) -> None:
    english = Client(HTTP_ACCEPT_LANGUAGE="en").get(DOOR)
    chinese = Client(HTTP_ACCEPT_LANGUAGE="de").get(DOOR)
    assert 'lang="en"' in english.content.decode()
    assert 'lang="zh-Hant-TW"' in chinese.content.decode()


def test_an_address_of_another_host_is_not_answered(world: World) -> None:
    for host in ("evil.example", "testserver.evil.example", "testserver:80@evil.example"):
        answer = Client(HTTP_HOST=host).get(DOOR)
        assert answer.status_code == 400
        assert "evil" not in answer.content.decode()
        assert 'class="error-page"' in answer.content.decode()


@pytest.mark.req("PWD-3")
def test_over_tls_the_cookies_are_bound_to_one_host() -> None:
    for site in ("enterprise", "staff"):
        found = base.cookies(site, plain_http=False)
        assert found["SESSION_COOKIE_NAME"] == f"__Host-corpbank_{site}_session"
        assert found["CSRF_COOKIE_NAME"] == f"__Host-corpbank_{site}_csrf"
        assert found["SESSION_COOKIE_SECURE"] is found["CSRF_COOKIE_SECURE"] is True
