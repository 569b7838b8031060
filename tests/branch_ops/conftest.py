"""The staff site as its people use it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from approvals.states import Act
from tests.factories.sites import staff_settings
from tests.factories.world import PASSWORD, World, decide, submit

SIGN_IN = "/sign-in/"


@pytest.fixture
def staff_site(settings) -> None:
    """Let the tests' process serve the staff site, as corpbank.settings.staff does."""
    for name, value in staff_settings().items():
        setattr(settings, name, value)


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


@pytest.fixture
def busy(world: World) -> World:
    """Return a bank where each customer has made transfers and one was released."""
    for company in (world.first, world.second):
        maker = world.holder("maker01", company, card=False)
        source = "100000000011" if company is world.first else "200000000012"
        payee = "200000000012" if company is world.first else "100000000011"
        amount = 5_000 if company is world.first else 50
        references = [
            submit(world, maker, amount, from_account=source, payee=payee) for _ in range(3)
        ]
        decide(world, world.holder("release1", company), references[0], Act.RELEASE)
    return world
