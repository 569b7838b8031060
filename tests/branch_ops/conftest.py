"""The staff site as its people use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from corpbank.settings import base
from corpbank.settings.policies import staff_policy
from kernel import clock
from tests.factories.world import PASSWORD, World, make_world

SIGN_IN = "/sign-in/"


@pytest.fixture
def staff_site(settings) -> None:
    """Let the tests' process serve the staff site, as corpbank.settings.staff does."""
    settings.SITE = "staff"
    settings.ROOT_URLCONF = "corpbank.urls.staff"
    settings.TEMPLATES = base.staff_templates()
    settings.SIGN_IN_URL = "staff:sign_in"
    settings.CONTENT_SECURITY_POLICY = staff_policy(base.CSP_REPORT_PATH)
    for name, value in base.cookies("staff", plain_http=True).items():
        setattr(settings, name, value)


@pytest.fixture
def world(db) -> World:
    """Return a bank with two branches and a customer at each."""
    return make_world(clock.now())


@pytest.fixture
def staff_client(staff_site, world) -> Callable[[str], Client]:
    """Return how to come in as a person of the bank, through the door."""

    def come_in(login_name: str, language: str = "en") -> Client:
        client = Client(headers={"accept-language": language})
        answer = client.post(SIGN_IN, {"login_name": login_name, "password": PASSWORD})
        assert answer.status_code == 302, answer.content.decode()
        client.cookies["corpbank_staff_language"] = language
        return client

    return come_in
