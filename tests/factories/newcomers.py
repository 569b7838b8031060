"""Somebody who has not been through first use yet, and the codes that are sent to them."""

from __future__ import annotations

import base64
import re

from django.urls import reverse

from alerts.models import Message
from certificates.formats.signed_attributes import read_signing_time
from certificates.operations import PrintedLetter
from identity.models import ContactPoint, User
from identity.policies import Step
from tests.factories.cards import TestCard
from tests.factories.http import Browser
from tests.factories.world import PIN

NEW_NAME, NEW_PASSWORD, NEW_CODE = "newcomer2026", "sturdy-Heron-4471", "Bridge#2071"


def begin_anew(user: User) -> User:
    """Make a person of the world one who has only just been given their first password."""
    User.objects.filter(pk=user.pk).update(
        first_used_at=None, login_name_chosen_at=None, must_change_password=True
    )
    ContactPoint.objects.filter(user=user).update(verified_at=None)
    user.refresh_from_db()
    return user


def sent_code(user: User, event: str = "identity.code.contact") -> str:
    """Return the code in the latest message to a person."""
    message = Message.objects.filter(recipient_key=user.public_id, event=event).latest("pk")
    found = re.search(r"\b\d{6}\b", message.body)
    assert found is not None
    return found[0]


def wrong_code(code: str) -> str:
    """Return another code of the same make."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def enrol_over_http(browser: Browser, letter: PrintedLetter, page: str) -> None:
    """Take a card into use as the script of its page does."""
    card, nonce = TestCard(), browser.get(page).context["page"]["nonce"]
    enrolled = browser.client.post(
        reverse("certificates:enrol"),
        {
            "letter_number": letter.number,
            "secret": letter.secret,
            "pin": PIN,
            "request": base64.b64encode(card.make_request(nonce)).decode(),
            "authentication_request": base64.b64encode(TestCard().make_request(nonce)).decode(),
        },
        content_type="application/json",
    ).json()
    assert enrolled["ok"], enrolled
    signature = card.sign_statement(
        base64.b64decode(enrolled["challenge"]),
        bytes.fromhex(enrolled["certificate_sha256"]),
        read_signing_time(enrolled["now"]),
    )
    confirmed = browser.client.post(
        reverse("certificates:confirm"),
        {
            "certificate_sha256": enrolled["certificate_sha256"],
            "signature": base64.b64encode(signature).decode(),
            "signing_time": enrolled["now"],
        },
        content_type="application/json",
    ).json()
    assert confirmed == {"ok": True}


# In which order the steps of each role are asked for.
CUSTOMER = [Step.LOGIN_NAME, Step.PASSWORD, Step.BASIC_DATA, Step.SETTINGS]
SIGNER = [*CUSTOMER, Step.CARD]
OFFICER = [*CUSTOMER, Step.PASSKEY]
CHECKER = [
    Step.LOGIN_NAME, Step.PASSWORD, Step.AUTHORISATION_CODE, Step.BASIC_DATA, Step.SETTINGS,
    Step.CARD,
]  # fmt: skip
