"""Both sites of the bank at once, each at its own address: the customers' and the bank's own.

One process is one site at a time, because settings are the process's. So the two servers take
turns: whichever answers puts its own site's settings in force first, and the other waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from certificates.operations import PrintedLetter
from corpbank.settings import base
from corpbank.settings.policies import staff_policy
from identity.models import Session
from identity.policies import Factor
from kernel import clock
from tests.factories.site import Desk, Site, serving
from tests.factories.world import PASSWORD


def staff_settings() -> dict[str, Any]:
    """Return what makes the tests' process the staff site, as corpbank.settings.staff does."""
    return {
        "SITE": "staff",
        "ROOT_URLCONF": "corpbank.urls.staff",
        "TEMPLATES": base.staff_templates(),
        "SIGN_IN_URL": "staff:sign_in",
        "HOME_URL": "staff:home",
        "STEP_UP_URL": "staff:second_factor",
        "CONTENT_SECURITY_POLICY": staff_policy(base.CSP_REPORT_PATH),
        **base.cookies("staff", plain_http=True),
    }


def show_factor(login: str, factor: Factor = Factor.PASSKEY) -> None:
    """Let a bank person's session be one in which this factor was shown, as scenery.

    What showing one takes is told in tests/branch_ops/test_second_factor.py.
    """
    live = Session.objects.filter(user__login_name=login, site="staff", ended_at__isnull=True)
    assert live.update(factor=factor, stepped_up_at=clock.now()) == 1


class Turns:
    """Who is served: the enterprise site, as the tests' settings are, or the staff site."""

    def __init__(self) -> None:
        self._one_at_a_time = threading.RLock()
        self._staff: override_settings | None = None

    @contextmanager
    def at(self, *, staff: bool) -> Iterator[None]:
        """Put a site's settings in force and keep them so until the block is left."""
        with self._one_at_a_time:
            if staff and self._staff is None:
                self._staff = override_settings(**staff_settings())
                self._staff.enable()
            elif not staff and self._staff is not None:
                self._staff.disable()
                self._staff = None
            yield

    def app(self, *, staff: bool) -> WSGIApplication:
        """Return a site that answers each request, to its last byte, under its own settings."""
        with self.at(staff=staff):
            handler = WSGIHandler()

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            with self.at(staff=staff):
                response = handler(environ, start_response)
                try:
                    return [b"".join(response)]
                finally:
                    response.close()

        return answer


@dataclass
class Bank:
    """The bank's two sites, and where people sit down at them."""

    enterprise: Site
    staff: Site

    @contextmanager
    def customer(self) -> Iterator[Desk]:
        """Give somebody of the customer a desk of their own at the enterprise site."""
        with self.enterprise.desk() as desk:
            desk.context.set_default_timeout(60_000)
            yield desk

    @contextmanager
    def officer(self, login: str, letter: PrintedLetter | None = None) -> Iterator[Desk]:
        """Let a person of the bank sign in at a desk of their own and stay there.

        Their second factor is scenery. With the letter of their card they take it into use first.
        """
        with self.staff.desk() as desk:
            desk.context.set_default_timeout(60_000)
            desk.open("/sign-in/")
            desk.page.fill("#id_login_name", login)
            desk.page.fill("#id_password", PASSWORD)
            desk.press("button.staff-primary")
            show_factor(login)
            desk.open("/home/")
            if letter is not None:
                assert desk.path == "/card/"
                desk.take_card_into_use(letter, then="/inbox/")
            yield desk


@contextmanager
def both_sites() -> Iterator[tuple[str, str]]:
    """Serve both sites on free ports, never both at one instant; yields their addresses."""
    turns = Turns()
    with (
        serving(turns.app(staff=False)) as enterprise,
        serving(turns.app(staff=True)) as staff,
    ):
        try:
            yield enterprise, staff
        finally:
            with turns.at(staff=False):
                pass
