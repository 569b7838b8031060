"""The staff site's door: the same news and contact, keypad and number."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse

from identity.models import Session, SignInPolicy, User
from kernel import clock
from tests.factories.entering import entered, keypad_at
from tests.factories.http import ENGLISH, form_with, words_of
from tests.factories.publications import publish_file, publish_news
from tests.factories.world import PASSWORD

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_site", "world")]


@pytest.mark.req("KEY-3")
def test_the_staff_door_shows_the_bulletin_and_its_pages() -> None:
    number = publish_news(clock.now())
    client = Client(**ENGLISH)
    door = words_of(client.get("/sign-in/"))
    assert "Maintenance" in door
    assert settings.BANK_SERVICE_PHONE in door
    assert "Maintenance" in words_of(client.get(reverse("staff:bulletins")))
    page = words_of(client.get(reverse("staff:bulletin", args=[number])))
    assert "No service on Sunday night." in page


@pytest.mark.req("KEY-3")
def test_the_staff_door_hands_files_out_too() -> None:
    sha256 = publish_file(clock.now())
    assert Client().get(reverse("staff:download", args=[sha256])).status_code == 200


@pytest.mark.req("KEY-1")
def test_people_of_the_bank_use_the_keypad_too() -> None:
    keyed = "Harbour-2026-Light!"
    User.objects.filter(login_name="branch001").update(password=make_password(keyed))
    SignInPolicy.objects.update(keypad_offered=True, keypad_sign_milliseconds=40)
    client = Client()
    fields = {"login_name": "branch001", **entered(keypad_at(client), keyed)}
    assert client.post("/sign-in/", fields)["Location"] == "/home/"
    again = Client(**ENGLISH).post("/sign-in/", fields)
    assert again.status_code == 422
    assert "The login name or the password is not right." in words_of(again)
    assert Session.objects.count() == 1


@pytest.mark.req("KEY-2")
def test_people_of_the_bank_may_ask_for_the_number() -> None:
    SignInPolicy.objects.update(number_offered=True)
    client = Client()
    client.post(reverse("entry:choose"), {"entry": "number", "wanted": "on"})
    page = form_with(client.get("/sign-in/"), "password").fields["number_id"]
    assert client.get(reverse("entry:number", args=[page])).status_code == 200
    sent = {"login_name": "branch001", "password": PASSWORD, "number_id": page, "number": "x"}
    assert client.post("/sign-in/", sent).status_code == 422


def test_the_door_asks_each_thing_in_one_statement(django_assert_num_queries) -> None:
    publish_news(clock.now())
    publish_file(clock.now())
    with django_assert_num_queries(4):  # news, files, contact, policy
        Client().get("/sign-in/")
