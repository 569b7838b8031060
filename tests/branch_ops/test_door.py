"""Coming in at the staff site's door, and going out (AUTH-1, AUTH-3)."""

from __future__ import annotations

import time

import pytest
from django.core import signing
from django.test import Client

from identity import operations
from identity.models import Session
from identity.views import ticket_salt
from kernel import clock
from tests.factories.world import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site", "world")]
# Where a session of a password alone is led, whatever it asks for.
GATE = "/second-factor/?next=%2F"
RIGHT = {"login_name": "branch001", "password": PASSWORD}


def test_the_door_is_the_only_page_for_who_is_not_signed_in() -> None:
    client = Client()
    assert client.get("/sign-in/").status_code == 200
    for path in ("/", "/identity/company/", "/identity/company/1/", "/nothing/here/", "/audit/"):
        answer = client.get(path)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in/")


def test_signing_in_leads_to_the_page_that_was_asked_for() -> None:
    answer = Client().post("/sign-in/", {**RIGHT, "next": "/identity/company/"})
    assert answer["Location"] == "/identity/company/"


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", ""])
def test_signing_in_never_leads_outside(target: str) -> None:
    assert Client().post("/sign-in/", {**RIGHT, "next": target})["Location"] == "/home/"


@pytest.mark.req("AUTH-1")
@pytest.mark.parametrize(
    "fields",
    [
        {"login_name": "branch001", "password": "wrong"},
        {"login_name": "nobody", "password": PASSWORD},
        {"login_name": "maker01", "password": PASSWORD},  # a customer's person
    ],
)
def test_whatever_is_wrong_reads_the_same(fields) -> None:
    client = Client(headers={"accept-language": "en"})
    answer = client.post("/sign-in/", fields)
    assert answer.status_code == 422
    assert "The login name or the password is not right." in answer.content.decode()
    assert "corpbank_staff_session" not in client.cookies


def test_a_paused_person_is_told_only_after_the_right_password() -> None:
    client = Client(headers={"accept-language": "en"})
    for _ in range(3):
        client.post("/sign-in/", {**RIGHT, "password": "wrong"})
    assert "Your sign-in is paused." in client.post("/sign-in/", RIGHT).content.decode()


@pytest.mark.req("AUTH-3")
def test_a_second_sign_in_ends_the_first_only_when_told_to() -> None:
    first, second = Client(), Client(headers={"accept-language": "en"})
    first.post("/sign-in/", RIGHT)
    answer = second.post("/sign-in/", RIGHT)
    assert "Already signed in elsewhere" in answer.content.decode()
    assert first.get("/").headers["Location"] == GATE

    ticket = answer.context["page"]["ticket"]
    assert second.post("/sign-in/elsewhere/", {"ticket": ticket}).status_code == 302
    assert second.get("/").headers["Location"] == GATE
    assert first.get("/").headers["Location"] == "/sign-in/"
    assert Session.objects.filter(ended_why="replaced").count() == 1


def _ticket(salt: str = "") -> str:
    session = Session.objects.get(ended_at__isnull=True)
    facts = {"user": session.user.public_id, "other": session.pk, "next": ""}
    return signing.dumps(facts, salt=salt or ticket_salt())


@pytest.mark.req("AUTH-3")
def test_a_ticket_somebody_made_up_ends_nothing() -> None:
    Client().post("/sign-in/", RIGHT)
    thief = Client()
    other_site = "identity.sign_in.elsewhere.enterprise"
    for ticket in ("", "made-up", _ticket(salt="of another page"), _ticket(salt=other_site)):
        answer = thief.post("/sign-in/elsewhere/", {"ticket": ticket})
        assert answer["Location"] == "/sign-in/"
    assert thief.get("/").headers["Location"] == "/sign-in/"
    assert Session.objects.filter(ended_at__isnull=True).count() == 1


@pytest.mark.req("AUTH-3")
def test_a_ticket_is_good_for_two_minutes_and_once(monkeypatch) -> None:
    Client().post("/sign-in/", RIGHT)
    other = Client()
    with monkeypatch.context() as earlier:
        then = signing.b62_encode(int(time.time()) - 121)
        earlier.setattr(signing.TimestampSigner, "timestamp", lambda signer: then)
        old = _ticket()
    other.post("/sign-in/elsewhere/", {"ticket": old})
    assert other.get("/").headers["Location"] == "/sign-in/"
    ticket = _ticket()
    other.post("/sign-in/elsewhere/", {"ticket": ticket})
    assert other.get("/").headers["Location"] == GATE
    again = Client()
    again.post("/sign-in/elsewhere/", {"ticket": ticket})
    assert again.get("/").headers["Location"] == "/sign-in/"


def test_signing_out_ends_the_session_at_once(staff_client) -> None:
    client = staff_client("branch001")
    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/")["Location"] == "/sign-in/"
    assert client.get("/").status_code == 302
    assert Session.objects.get(user__login_name="branch001").ended_why == "signed out"


def test_the_language_is_kept_for_the_person(staff_client, world) -> None:
    client = staff_client("branch001")
    answer = client.post("/language/", {"language": "zh-hant", "next": "/identity/company/"})
    assert answer["Location"] == "/identity/company/"
    assert "分行管理後台" in client.get("/").content.decode()
    client.post("/language/", {"language": "en", "next": "https://elsewhere.example/"})
    world.staff["branch001"].refresh_from_db()
    assert world.staff["branch001"].language == "en"


def test_a_language_that_is_not_offered_changes_nothing(staff_client) -> None:
    client = staff_client("branch001")
    client.post("/language/", {"language": "xx", "next": "/"})
    assert client.cookies["corpbank_staff_language"].value == "en"


def test_somebody_who_is_in_is_not_asked_again(staff_client) -> None:
    client = staff_client("branch001")
    assert client.get("/sign-in/?next=/identity/unit/")["Location"] == "/identity/unit/"


@pytest.mark.req("SES-1")
def test_a_session_of_the_enterprise_site_does_not_open_the_staff_site(world) -> None:
    result = operations.sign_in(
        site="enterprise", company_code=world.company.code, login_name="maker01",
        password=PASSWORD, address="127.0.0.1", agent="", now=clock.now(),
    )  # fmt: skip
    client = Client()
    client.cookies["corpbank_staff_session"] = result.session_key
    assert client.get("/").status_code == 302
    assert client.get("/identity/company/").status_code == 302


@pytest.mark.req("AUTH-1", "AUTH-3")
def test_somebody_paused_meanwhile_ends_nothing_and_is_told_at_the_door() -> None:
    Client().post("/sign-in/", RIGHT)
    second = Client(headers={"accept-language": "en"})
    ticket = second.post("/sign-in/", RIGHT).context["page"]["ticket"]
    for _ in range(3):
        Client().post("/sign-in/", {**RIGHT, "password": "wrong"})
    answer = second.post("/sign-in/elsewhere/", {"ticket": ticket})
    assert answer["Location"] == "/sign-in/"  # the pause has ended what the ticket was for
    told = second.post("/sign-in/", RIGHT)
    assert told.status_code == 422
    assert "Your sign-in is paused." in told.content.decode()
    assert not Session.objects.filter(ended_why="replaced").exists()
