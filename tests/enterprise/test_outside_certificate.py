"""What the holder of a bound outside certificate sees of it (CERT-11)."""

from __future__ import annotations

import pytest
from cryptography import x509

from certificates.models import Certificate
from kernel import clock
from tests.factories.cards import TestCard
from tests.factories.http import Browser, form_to, words_of
from tests.factories.outside import (
    DAY,
    accept_authority,
    bind,
    confirm_bound,
    make_outside_authority,
    take_list,
)
from tests.factories.world import World, make_world

pytestmark = [pytest.mark.django_db, pytest.mark.req("CERT-11")]
SERIAL = 0x4711


def test_its_holder_reads_what_is_missing_and_who_holds_it(settings) -> None:
    world: World = make_world(clock.now())
    outside, card = make_outside_authority(now=world.now), TestCard()
    accept_authority(outside, now=world.now)
    holder = world.holder("release1", card=False)
    # In the last days of its life: its own authority renews it, not the bank.
    der = outside.certify(card, serial=SERIAL, end=world.now + 30 * DAY)
    bind(holder.user, der, now=world.now)
    browser = Browser.of(world, "release1", english=True)
    assert browser.get("enterprise:home").status_code == 200
    page = browser.get("enterprise:certificates")
    assert "confirm it by a signature of the card it is on" in words_of(page)
    assert "Confirm the certificate" not in words_of(page)
    assert "There is no letter for you" in words_of(browser.get("enterprise:enrol_card"))
    confirm_bound(holder, card, world.now)
    page = browser.get("enterprise:certificates")
    assert "You can sign with it." in words_of(page)
    assert "renew" not in page.content.decode().replace("renewed", "")
    later = world.now + DAY / 2
    take_list(outside.issuer, (SERIAL, x509.ReasonFlags.certificate_hold), now=later)
    page = browser.get("enterprise:certificates")
    assert "has put it on hold. Only they can lift that." in words_of(page)
    # Its card is none of ours: what is reported lost is over here for good.
    page = browser.get("enterprise:report_lost")
    assert "revoked here at once and for good" in words_of(page)
    assert "is suspended at once" not in words_of(page)
    form = form_to(page, "/certificates/lost/")
    browser.client.post(form.action, form.fields)
    row = Certificate.objects.get(holder=holder.user, purpose="SIGNING")
    assert row.state == "REVOKED"
