"""What the customer's own pages show."""

from __future__ import annotations

import pytest

from certificates import operations
from enterprise.queries import waits_for_card
from identity.views import device_name
from tests.factories.certificates import NOW, apply, make_holder, make_signer, print_letter, printed

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"
AGENTS = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Edg/156.0.0.0": "Edge · Windows",
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT}": "Chrome · Linux",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1": "Safari · iOS",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 15.1) Firefox/150.0": "Firefox · macOS",
    "a program of our own": "a program of our own",
    "": "",
}


@pytest.mark.parametrize(("agent", "name"), AGENTS.items())
def test_a_device_is_named_as_people_call_it(agent: str, name: str) -> None:
    assert device_name(agent) == name


@pytest.mark.req("CERT-10")
def test_who_lost_a_card_is_led_to_the_new_one(db: None) -> None:
    signer = make_signer()
    assert not waits_for_card(signer.user.pk)
    operations.suspend(serial_number=signer.certificate.serial_number, actor=None, now=NOW)
    assert not waits_for_card(signer.user.pk)
    printed(apply(signer))
    assert waits_for_card(signer.user.pk)


def test_who_can_sign_already_is_not_led_away(db: None) -> None:
    signer, newcomer = make_signer(), make_holder()
    for holder in (signer, newcomer):
        print_letter(holder)
    assert not waits_for_card(signer.user.pk)
    assert waits_for_card(newcomer.user.pk)
