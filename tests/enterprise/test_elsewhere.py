"""Signed in elsewhere: what is told, and how the other session is ended (AUTH-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.timezone import localtime

from identity.models import Company, Session, User
from identity.states import StandingState, UserState
from identity.views import TICKET_SECONDS, ticket_salt
from tests.factories.http import ADDRESS, Browser, form_with, sign_in, words_of
from tests.factories.world import FIRST, World

HERE = "198.51.100.9"
DOOR = "/sign-in/"


@pytest.fixture
def first(world: World) -> Browser:
    """Sign the maker in somewhere."""
    return Browser.of(world, "maker01")


def second() -> tuple[Client, HttpResponse]:
    """Give the right password again, in another place."""
    client = Client(REMOTE_ADDR=HERE)
    return client, sign_in(client, FIRST.code, "maker01", next="/accounts/")


def ticket_in(answer: HttpResponse) -> str:
    return form_with(answer, "ticket").fields["ticket"]


def go_on(client: Client, ticket: str) -> HttpResponse:
    return client.post(reverse("enterprise:take_over"), {"ticket": ticket})


@pytest.mark.req("AUTH-3")
def test_the_second_is_told_since_when_and_from_where(first: Browser) -> None:
    client, answer = second()
    assert answer.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    since = localtime(first.session.started_at).strftime("%Y-%m-%d %H:%M")
    assert since in words_of(answer)
    assert ADDRESS in words_of(answer)
    assert first.get("enterprise:home").status_code == 200


@pytest.mark.req("AUTH-3")
def test_the_second_may_end_the_first_and_goes_on_where_it_was_going(first: Browser) -> None:
    client, answer = second()
    taken = go_on(client, ticket_in(answer))
    assert (taken.status_code, taken["Location"]) == (302, "/accounts/")
    assert client.get("/accounts/").status_code == 200
    assert first.get("enterprise:home").status_code == 302
    assert Session.objects.filter(ended_at=None).count() == 1


@pytest.mark.req("AUTH-3")
def test_a_ticket_works_once(first: Browser) -> None:
    client, answer = second()
    ticket = ticket_in(answer)
    go_on(client, ticket)
    thief = Client()
    again = go_on(thief, ticket)
    assert (again.status_code, again["Location"]) == (302, DOOR)
    assert settings.SESSION_COOKIE_NAME not in thief.cookies
    assert client.get("/accounts/").status_code == 200


@pytest.mark.req("AUTH-3")
def test_a_ticket_is_of_no_use_once_the_first_session_has_ended_by_itself(first: Browser) -> None:
    client, answer = second()
    first.post("enterprise:sign_out")
    assert go_on(client, ticket_in(answer))["Location"] == DOOR
    assert not Session.objects.filter(ended_at=None).exists()


@pytest.mark.req("AUTH-3")
def test_a_ticket_of_two_minutes_ago_is_refused(first: Browser) -> None:
    client, answer = second()
    content = signing.loads(ticket_in(answer), salt=ticket_salt())
    stamp = signing.TimestampSigner.timestamp

    def long_ago(self: signing.TimestampSigner) -> str:
        return signing.b62_encode(signing.b62_decode(stamp(self)) - TICKET_SECONDS - 1)

    signing.TimestampSigner.timestamp = long_ago  # type: ignore[method-assign]
    try:
        old = signing.dumps(content, salt=ticket_salt())
    finally:
        signing.TimestampSigner.timestamp = stamp  # type: ignore[method-assign]
    assert go_on(client, old)["Location"] == DOOR
    assert first.get("enterprise:home").status_code == 200


@pytest.mark.req("AUTH-3")
def test_a_forged_or_borrowed_ticket_is_refused(world: World, first: Browser) -> None:
    client, answer = second()
    other = Browser.of(world, "maker02")
    content = signing.loads(ticket_in(answer), salt=ticket_salt())
    tickets = {
        "nothing": "",
        "no signature": "e30",
        "a changed one": ticket_in(answer)[:-2] + "xx",
        "one for another purpose": signing.dumps(content, salt="something.else"),
        "another person's session": signing.dumps(
            content | {"other": other.session.pk}, salt=ticket_salt()
        ),
        "another person": signing.dumps(
            content | {"user": other.holder.user.public_id}, salt=ticket_salt()
        ),
    }
    for what, ticket in tickets.items():
        refused = go_on(client, ticket)
        assert (refused.status_code, refused["Location"]) == (302, DOOR), what
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert Session.objects.filter(ended_at=None).count() == 2


@pytest.mark.req("AUTH-3", "AUTH-2", "DEL-4")
@pytest.mark.parametrize("state", [UserState.PAUSED, UserState.SUSPENDED, UserState.CLOSED])
def test_who_was_stopped_meanwhile_does_not_get_in(
    world: World, first: Browser, state: UserState
) -> None:
    client, answer = second()
    User.objects.filter(pk=first.holder.user.pk).update(state=state)
    refused = go_on(client, ticket_in(answer))
    assert refused.status_code in {302, 422}
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert "maker01" not in refused.content.decode()


@pytest.mark.req("AUTH-3", "DEL-4")
def test_a_company_stopped_meanwhile_keeps_its_people_out(world: World, first: Browser) -> None:
    client, answer = second()
    Company.objects.filter(pk=world.company.pk).update(state=StandingState.SUSPENDED)
    assert go_on(client, ticket_in(answer))["Location"] == DOOR


@pytest.mark.req("AUTH-3", "SES-1")
def test_a_session_left_idle_stands_in_nobodys_way(first: Browser) -> None:
    stored = first.session
    Session.objects.filter(pk=stored.pk).update(seen_at=stored.seen_at - timedelta(minutes=11))
    _client, answer = second()
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/")
    assert Session.objects.get(pk=stored.pk).ended_why == "idle"


@pytest.mark.req("AUTH-1")
def test_a_wrong_password_does_not_tell_that_somebody_is_signed_in(first: Browser) -> None:
    answer = sign_in(Client(REMOTE_ADDR=HERE), FIRST.code, "maker01", "wrong")
    assert answer.status_code == 422
    assert ADDRESS not in answer.content.decode()


def test_choosing_a_language_on_that_page_leads_to_a_page(first: Browser) -> None:
    client, answer = second()
    form = form_with(answer, "next")
    assert client.get(form.fields["next"]).status_code == 200
    assert client.get(reverse("enterprise:take_over")).status_code == 405
