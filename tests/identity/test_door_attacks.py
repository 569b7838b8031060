"""Attacks on the doors of both sites: fixed sessions, forged forms, open redirects, other hosts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import Morsel

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import clear_url_caches, reverse

from audit.models import Entry
from corpbank.settings import base
from identity.models import Session
from identity.views.door import DEVICE_KEPT_SECONDS
from tests.factories.door import figures
from tests.factories.http import ADDRESS, Browser, form_with, forms_of, words_of
from tests.factories.sites import staff_settings
from tests.factories.world import FIRST, PASSWORD, World

SITES = ("enterprise", "staff")
OUTSIDE = (
    "//evil.example/",
    "///evil.example",
    "https://evil.example/",
    "http:evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\t/evil.example",
    " //evil.example",
    "http://testserver@evil.example/",
)


@dataclass(frozen=True, slots=True)
class Door:
    """One site's door: its name, where it leads, and what a person types there."""

    site: str
    fields: dict[str, str]

    @property
    def home(self) -> str:
        """Return the first page of the site."""
        return reverse(settings.HOME_URL)

    def client(self, **extra: object) -> Client:
        """Return a visitor's browser."""
        return Client(REMOTE_ADDR=ADDRESS, **extra)  # type: ignore[arg-type]

    def enter(self, client: Client, **changes: str) -> HttpResponse:
        """Send the sign-in form."""
        return client.post("/sign-in/", self.fields | changes)

    def inside(self, **extra: object) -> Client:
        """Return the browser of somebody who is in, with a factor that opens every page."""
        client = self.client(**extra)
        assert self.enter(client).status_code == 302
        Session.objects.filter(ended_at=None).update(factor="passkey")
        return client


@pytest.fixture(params=SITES)
def door(request: pytest.FixtureRequest, world: World) -> Iterator[Door]:
    """Return each site's door in turn, with its own settings in force."""
    if request.param == "enterprise":
        typed = {"company_code": FIRST.code, "login_name": "maker01", "password": PASSWORD}
        yield Door("enterprise", typed)
        return
    with override_settings(**staff_settings()):
        clear_url_caches()
        yield Door("staff", {"login_name": "branch001", "password": PASSWORD})


@pytest.mark.req("SES-1", "AUTH-1")
def test_a_session_somebody_else_has_fixed_is_never_taken_up(door: Door) -> None:
    planted = "planted-by-somebody-else-000000000000000000"
    client = door.client()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted
    client.get("/sign-in/")
    before = client.cookies[settings.CSRF_COOKIE_NAME].value
    assert door.enter(client).status_code == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != planted
    assert client.cookies[settings.CSRF_COOKIE_NAME].value != before
    thief = door.client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = planted
    assert thief.get("/sign-ins/")["Location"].startswith("/sign-in/")


@pytest.mark.req("SES-1", "AUTH-1")
def test_each_sign_in_has_a_key_of_its_own(door: Door) -> None:
    keys = set()
    for _ in range(2):
        client = door.client()
        door.enter(client)
        keys.add(client.cookies[settings.SESSION_COOKIE_NAME].value)
        client.post("/sign-out/")
    assert len(keys) == 2
    assert keys.isdisjoint(Session.objects.values_list("key_sha256", flat=True))


@pytest.mark.req("AUTH-1", "SES-1")
@pytest.mark.parametrize(
    "path", ["/sign-in/", "/sign-in/elsewhere/", "/sign-out/", "/sign-ins/end/", "/stay/"]
)
def test_a_form_that_is_not_ours_does_nothing(door: Door, path: str) -> None:
    inside = door.inside(enforce_csrf_checks=False)
    forger = door.client(enforce_csrf_checks=True)
    forger.cookies = inside.cookies
    assert forger.post(path, door.fields).status_code == 403
    token = "a" * 64
    assert forger.post(path, door.fields | {"csrfmiddlewaretoken": token}).status_code == 403
    form = forms_of(inside.get("/sign-ins/"))[0]
    sent = door.fields | {"csrfmiddlewaretoken": form.fields["csrfmiddlewaretoken"]}
    foreign = forger.post(path, sent, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert Session.objects.filter(ended_at=None).count() == 1


@pytest.mark.req("AUTH-1")
def test_the_way_on_never_leads_outside(door: Door) -> None:
    for target in OUTSIDE:
        answer = door.enter(door.client(), next=target)
        assert (answer.status_code, answer["Location"]) == (302, door.home), target
        told = door.enter(door.client(), next=target)
        ticket = form_with(told, "ticket").fields["ticket"]
        second = door.client()
        taken = second.post("/sign-in/elsewhere/", {"ticket": ticket})
        assert (taken.status_code, taken["Location"]) == (302, door.home), target
        second.post("/sign-out/")


@pytest.mark.req("AUTH-1")
def test_another_host_is_not_answered_and_no_header_makes_one(door: Door) -> None:
    for host in ("evil.example", "testserver.evil.example", "testserver@evil.example"):
        answer = door.client(HTTP_HOST=host).get("/sign-in/")
        assert answer.status_code == 400
        assert b"evil" not in answer.content
    client = door.client(HTTP_X_FORWARDED_HOST="evil.example", HTTP_FORWARDED="host=evil.example")
    answer = door.enter(client, next="https://evil.example/")
    assert answer["Location"] == door.home
    page = door.client(HTTP_X_FORWARDED_HOST="evil.example").get("/sign-in/")
    assert page.status_code == 200
    assert b"evil" not in page.content


def flags(cookie: Morsel[str]) -> tuple[object, ...]:
    return tuple(cookie[name] for name in ("httponly", "samesite", "path", "domain"))


@pytest.mark.req("PWD-3", "SES-1", "AUTH-6")
@pytest.mark.parametrize("tls", [False, True])
def test_cookies_are_bound_to_one_host_and_out_of_reach_of_scripts(door: Door, tls: bool) -> None:
    with override_settings(**base.cookies(door.site, plain_http=not tls)):
        client = door.client()
        answer = client.post("/sign-in/", door.fields, secure=tls)
        prefix = "__Host-corpbank_" if tls else "corpbank_"
        names = {
            settings.SESSION_COOKIE_NAME: "Lax",
            settings.DEVICE_COOKIE_NAME: "Lax",
            settings.CSRF_COOKIE_NAME: "Strict",
        }
        for name, same_site in names.items():
            cookie = client.cookies[name]
            assert name.startswith(prefix + door.site)
            assert flags(cookie) == (True, same_site, "/", "")
            assert bool(cookie["secure"]) is tls
        language = client.cookies[settings.LANGUAGE_COOKIE_NAME]
        assert bool(language["secure"]) is tls
        # The session's own ends with the browser; the device is known for 400 days.
        assert not answer.cookies[settings.SESSION_COOKIE_NAME]["max-age"]
        assert answer.cookies[settings.DEVICE_COOKIE_NAME]["max-age"] == DEVICE_KEPT_SECONDS


@pytest.mark.req("AUTH-6")
def test_a_browser_keeps_its_name_and_none_that_was_made_up(door: Door) -> None:
    client = door.inside()
    name = client.cookies[settings.DEVICE_COOKIE_NAME].value
    client.post("/sign-out/")
    assert client.cookies[settings.DEVICE_COOKIE_NAME].value == name
    door.enter(client)
    assert client.cookies[settings.DEVICE_COOKIE_NAME].value == name
    client.post("/sign-out/")
    for made_up in ("", "short", "x" * 65, "a" * 30 + "<script>" + "a" * 10):
        client.cookies[settings.DEVICE_COOKIE_NAME] = made_up
        door.enter(client)
        assert client.cookies[settings.DEVICE_COOKIE_NAME].value != made_up
        client.post("/sign-out/")
    # It opens nothing by itself.
    assert client.get("/sign-ins/")["Location"].startswith("/sign-in/")


@pytest.mark.req("SES-1")
def test_nothing_is_kept_to_go_back_to_after_signing_out(door: Door) -> None:
    client = door.inside()
    for path in ("/sign-ins/", "/sign-in/", "/nothing/here/"):
        assert client.get(path)["Cache-Control"] == "no-store"
    for leave in ("/sign-out/", "/sign-ins/end/"):
        left = client.post(leave)
        assert left["Location"] == "/sign-in/"
        assert left["Clear-Site-Data"] == '"cache"'
        assert left["Cache-Control"] == "no-store"
        assert client.get("/sign-ins/")["Location"].startswith("/sign-in/")
        door.enter(client)
        Session.objects.filter(ended_at=None).update(factor="passkey")


@pytest.mark.req("SES-1", "AUTH-3")
def test_two_tabs_are_one_session(door: Door) -> None:
    one = door.inside()
    two = door.client(enforce_csrf_checks=True)
    two.cookies = one.cookies
    form = next(form for form in forms_of(two.get("/sign-ins/")) if form.action == "/sign-out/")
    one.post("/sign-out/")
    # The other tab's page is of no use any more, and does no harm.
    assert two.get("/sign-ins/")["Location"].startswith("/sign-in/")
    door.enter(one)
    Session.objects.filter(ended_at=None).update(factor="passkey")
    # Signed in again in one tab, the other one is in too; a form from before is not taken.
    assert two.get("/sign-ins/").status_code == 200
    assert two.post(form.action, form.fields).status_code == 403
    assert Session.objects.filter(ended_at=None).count() == 1


@pytest.mark.req("AUTH-8")
def test_own_sign_ins_are_shown_with_what_was_unusual_and_ended(door: Door) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0.0.0 Safari/537.36"
    door.inside(HTTP_USER_AGENT=agent).post("/sign-out/")
    client = Client(REMOTE_ADDR="198.51.100.9", HTTP_ACCEPT_LANGUAGE="en", HTTP_USER_AGENT=agent)
    door.enter(client)
    Session.objects.filter(ended_at=None).update(factor="passkey", is_out_of_hours=True)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = client.get("/sign-ins/")
    words = words_of(page)
    for told in ("New device", "New place", "Outside the usual hours", "Chrome · Windows"):
        assert words.count(told) == 1 or told == "Chrome · Windows", told
    assert ADDRESS in words
    ends = [form for form in forms_of(page) if form.action == "/sign-ins/end/"]
    assert len(ends) == 1
    assert client.get("/sign-ins/end/").status_code == 405
    left = client.post(ends[0].action, ends[0].fields)
    assert left["Location"] == "/sign-in/"
    assert not Session.objects.filter(ended_at=None).exists()
    last = Entry.objects.filter(event="identity.session.ended").order_by("-pk").first()
    assert last is not None
    assert (last.address, last.reason) == ("198.51.100.9", "signed out")


@pytest.mark.req("AUTH-8")
def test_ending_ones_sign_ins_ends_nobody_elses(world: World) -> None:
    other = Browser.of(world, "maker02")
    Browser.of(world, "maker01").post("enterprise:end_session")
    assert other.get("enterprise:home").status_code == 200


@pytest.mark.req("AUTH-8", "PWD-3")
def test_the_trail_of_the_door_holds_no_login_name_no_password_and_no_key(door: Door) -> None:
    client = door.inside()
    door.enter(door.client(), password="wrong-but-secret-7")
    told = " ".join(
        f"{entry.actor} {entry.target} {entry.reason} {entry.before} {entry.after}"
        for entry in Entry.objects.filter(event__startswith="identity.session")
    )
    assert told
    for secret in (
        door.fields["login_name"], PASSWORD, "wrong-but-secret-7",
        client.cookies[settings.SESSION_COOKIE_NAME].value,
        client.cookies[settings.DEVICE_COOKIE_NAME].value,
    ):  # fmt: skip
        assert secret not in told


@pytest.mark.req("AUTH-10", "AUTH-3")
def test_where_the_first_may_not_be_ended_the_page_offers_no_way(door: Door) -> None:
    door.inside()
    with figures(second_sign_in="refuse"):
        answer = door.enter(door.client(HTTP_ACCEPT_LANGUAGE="en"))
    assert answer.status_code == 200
    assert ADDRESS in words_of(answer)
    assert "You can sign in here when you have signed out there" in words_of(answer)
    assert not [form for form in forms_of(answer) if "ticket" in form.fields]
