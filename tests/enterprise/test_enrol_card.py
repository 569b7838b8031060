"""Taking a card into use can be finished later, where the page was closed half-way (CERT-2)."""

from __future__ import annotations

import base64

import pytest
from django.db import transaction

from certificates import operations as certificates
from certificates.formats.signed_attributes import read_signing_time
from certificates.queries import signing_certificate
from tests.factories.cards import TestCard
from tests.factories.http import Browser
from tests.factories.world import PIN, World

pytestmark = pytest.mark.django_db


def attribute(page: str, name: str) -> str:
    """Return what the form carries for its script."""
    return page.split(f'{name}="', 1)[1].split('"', 1)[0]


@pytest.mark.req("CERT-2")
def test_a_key_that_was_certified_is_confirmed_on_coming_back(world: World) -> None:
    person = Browser.of(world, "security2")
    letter = certificates.issue_letter(holder_id=person.holder.user.pk, actor=None, now=world.now)
    card = TestCard()
    nonce = attribute(person.get("enterprise:enrol_card").content.decode(), "data-nonce")
    enrolled = person.client.post(
        "/card/enrol",
        {
            "letter_number": letter.number,
            "secret": letter.secret,
            "pin": PIN,
            "request": base64.b64encode(card.make_request(nonce)).decode(),
            "authentication_request": base64.b64encode(TestCard().make_request(nonce)).decode(),
        },
        content_type="application/json",
    )
    assert enrolled.status_code == 200
    assert signing_certificate(person.holder.user.pk) is None

    assert person.get("enterprise:home").headers["Location"].endswith("/certificates/card/")
    page = person.get("enterprise:enrol_card").content.decode()
    digest = attribute(page, "data-certificate-sha256")
    moment = attribute(page, "data-now")
    statement = base64.b64decode(attribute(page, "data-challenge"))
    signature = card.sign_statement(statement, bytes.fromhex(digest), read_signing_time(moment))
    confirmed = person.client.post(
        "/card/confirm",
        {
            "certificate_sha256": digest,
            "signature": base64.b64encode(signature).decode(),
            "signing_time": moment,
        },
        content_type="application/json",
    )
    assert confirmed.json() == {"ok": True}
    assert signing_certificate(person.holder.user.pk) is not None


@pytest.mark.req("CERT-2")
def test_a_card_of_the_bank_is_not_taken_into_use_in_the_browser(world: World) -> None:
    person = Browser.of(world, "security2")
    with transaction.atomic():
        certificates.receive_card_step(serial_number="TC-1", unit_id=world.branch.pk, now=world.now)
        applied = certificates.apply_step(
            holder_id=person.holder.user.pk, storage="HARDWARE", card_serial="TC-1",
            functions=None, amount_cap=None, scope_from=None, scope_until=None, actor=None,
            now=world.now,
        )  # fmt: skip
        certificates.print_letter_step(certificate_id=applied.pk, actor=None, now=world.now)
    page = person.get("enterprise:enrol_card").content.decode()
    assert "請以電腦上的卡片元件啟用" in page
    assert "data-enrol" not in page
    assert "enrol.js" not in page
    assert person.get("enterprise:home").status_code == 200
