"""Entering a password at the door otherwise than by typing it, as the page's script does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from identity.gateways import short_memory
from identity.operations import Deal
from kernel import ids

MOMENT = timedelta(seconds=1.5)


def codes_for(dealt: Deal, text: str) -> list[str]:
    """Return the codes a person's presses send for a text."""
    keys = [*dealt.digits, *dealt.signs, *[key for pair in dealt.letters for key in pair]]
    codes = {key.sign: key.code for key in keys}
    return [codes[sign] for sign in text]


def keypad_at(client: Client) -> dict[str, object]:
    """Ask for a keypad over HTTP and return what the script gets, as its reader begins to press.

    They have had it before them for a moment: tests press faster than a person may.
    """
    answer: HttpResponse = client.post(reverse("entry:keypad"), headers={"Accept": "text/json"})
    assert answer.status_code == 200, answer.content
    dealt: dict[str, object] = answer.json()
    place = f"keypad:{ids.digest(str(dealt['id']))}"
    kept = json.loads(short_memory().take(place) or "")
    kept["at"] = (datetime.fromisoformat(kept["at"]) - MOMENT).isoformat()
    short_memory().put(place, json.dumps(kept), seconds=60)
    return dealt


def entered(dealt: dict[str, object], text: str) -> dict[str, str]:
    """Return the fields of a sign-in form in which a text was entered on this keypad."""
    planes = ("digits", "lower", "upper", "signs")
    codes = {key["sign"]: key["code"] for plane in planes for key in dealt[plane]}  # type: ignore[attr-defined]
    return {
        "password": "",
        "keypad_deal": str(dealt["id"]),
        "keypad_codes": ".".join(codes[sign] for sign in text),
    }
