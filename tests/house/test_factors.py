"""What a password opens on the customer's site and what asks for the card: every address, both."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.urls import reverse

from identity.permissions import PUBLIC
from identity.policies import Factor
from tests.factories.http import Browser
from tests.factories.world import World
from tests.house.addresses import CASES
from tests.house.test_isolation import Things, knock, permission, things

__all__ = ["things"]
pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-5")]

# Deciding, letting others in again, and taking somebody else's certificate out of force. A password
# does for querying, drafting, submitting, withdrawing and reporting the own card lost.
WITH_CARD = {
    "approvals:prepare",
    "approvals:review",
    "approvals:release",
    "approvals:return",
    "approvals:reject",
    "approvals:send_code",
    "enterprise:help_unlock",
    "enterprise:help_credentials",
    "enterprise:prepare_certificate_act",
    "enterprise:suspend_certificate",
    "enterprise:revoke_certificate",
}
WITH_PASSWORD = {
    "approvals:submit",
    "approvals:withdraw",
    "approvals:delete",
    "approvals:inbox",
    "approvals:request",
    "transfers:new",
    "transfers:edit",
    "transfers:check",
    "transfers:accounts",
    "enterprise:home",
    "enterprise:report_lost",
    "enterprise:enrol_card",
    "enterprise:activate_certificate",
    "enterprise:company_certificates",
    "enterprise:company_certificate",
    "certificates:enrol",
    "certificates:confirm",
    "certificates:unlock",
}


def needs_card(name: str) -> bool:
    """Tell by the rule whether an address asks for the card: administration is what is proposed."""
    return name in WITH_CARD or permission(name).endswith(".propose")


def asks_for_card(answer: HttpResponse) -> bool:
    """Tell whether the answer leads to the card, or tells a script to."""
    if answer.status_code == 302:
        return answer["Location"].partition("?")[0] == reverse("enterprise:step_up")
    return "identity.step_up_needed" in answer.content.decode()


@pytest.mark.parametrize("login", sorted({case.who for case in CASES.values()}))
def test_each_address_asks_for_the_factor_its_act_needs(
    world: World, things: Things, login: str
) -> None:
    names = [
        name for name, case in CASES.items() if case.who == login and permission(name) != PUBLIC
    ]
    names.sort(key=lambda name: name == "enterprise:end_session")  # after it there is no session
    person = Browser.of(world, login, factor=Factor.PASSWORD)
    asked = {
        name for name in names if asks_for_card(knock(person.client, name, things, things.pending))
    }
    assert asked == {name for name in names if needs_card(name)}
    if asked:
        person.shown(Factor.CARD)
    for name in asked:
        assert not asks_for_card(knock(person.client, name, things, things.pending)), name


def test_no_act_is_left_out_of_the_table() -> None:
    assert set(CASES) >= WITH_CARD | WITH_PASSWORD
    assert not [name for name in WITH_PASSWORD if needs_card(name)]
