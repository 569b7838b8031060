"""One transfer and its reviewer's browser, for stories over HTTP."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from django.http import HttpResponse

from approvals.models import Decision, Request
from tests.factories.http import Browser
from tests.factories.world import World, submit


@dataclass
class Story:
    """Hold one transfer of TWD 20,000 (one review, then release) and its people's browsers."""

    world: World
    reference: str
    reviewer: Browser

    @property
    def state(self) -> str:
        """Return where the request stands."""
        return str(Request.objects.get(reference=self.reference).state)

    @property
    def decisions(self) -> int:
        """Count the decisions taken on it."""
        return Decision.objects.filter(revision__request__reference=self.reference).count()

    def send(self, browser: Browser, act: str, fields: dict[str, str]) -> HttpResponse:
        """Send an act's form."""
        return browser.post(f"approvals:{act}", self.reference, **fields)

    def untouched(self) -> bool:
        """Tell whether it still waits for its first decision."""
        return (self.state, self.decisions) == ("PENDING", 0)


def begin(world: World) -> Story:
    """Submit a transfer and sign its first reviewer in."""
    reference = submit(world, world.holder("maker01", card=False), 20_000)
    return Story(world, reference, Browser.of(world, "review1a"))


def edited(text: str) -> str:
    """Return base64 of the same bytes with the last one changed."""
    content = bytearray(base64.b64decode(text))
    content[-1] ^= 1
    return base64.b64encode(content).decode()
