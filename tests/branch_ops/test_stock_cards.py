"""A card's own life goes with its movements: from delivery to its end (EQP-1)."""

from __future__ import annotations

import pytest
from django.db import transaction

from branch_ops import operations
from branch_ops.errors import ItemElsewhere, ItemNotFit, ItemNotGivenOut
from branch_ops.queries.equipment import balance
from branch_ops.queries.stock_pages import item_detail
from branch_ops.states import EquipmentKind, Place
from branch_ops.subjects.equipment import WriteOffKind, write_off_content
from certificates import operations as certificates
from certificates.errors import CardInUse
from certificates.models import Card
from identity.models import Unit
from kernel import ids
from tests.factories.stock import clerk, deliver, officer
from tests.factories.world import World

CARD = EquipmentKind.CARD
SERIAL = "SC-000001"


def state_of(serial_number: str = SERIAL) -> str:
    return Card.objects.get(serial_number=serial_number).state


def apply(world: World, serial_number: str = SERIAL) -> int:
    """Apply for a certificate on a card and give the card out, as a released application does."""
    holder, actor = world.holder("maker01", card=False).user, clerk(world)
    with transaction.atomic():
        certificate = certificates.apply_step(
            holder_id=holder.pk, storage="HARDWARE", card_serial=serial_number, functions=None,
            amount_cap=None, scope_from=None, scope_until=None, actor=actor, now=world.now,
        )  # fmt: skip
        operations.issue_step(
            serial_number=serial_number, unit_id=world.branch.pk, company_id=world.company.pk,
            holder_id=holder.pk, reference="C20261122-1", actor=actor, now=world.now,
        )  # fmt: skip
    return certificate.pk


def withdraw(world: World, certificate_id: int) -> None:
    with transaction.atomic():
        certificates.withdraw_step(
            certificate_id=certificate_id, actor=clerk(world), now=world.now, reason="asked"
        )


def give_back(world: World, serial_number: str = SERIAL) -> None:
    operations.return_(
        serial_number=serial_number, reason="unused", actor=clerk(world), form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def write_off(world: World, serial_number: str = SERIAL) -> None:
    with transaction.atomic():
        operations.write_off_step(
            serial_number=serial_number, reference="E20261122-1", reason="broken",
            actor=officer(world, "branch.business.checker", world.branch), now=world.now,
        )  # fmt: skip


@pytest.mark.req("EQP-1")
def test_a_delivery_of_cards_makes_cards_in_stock(world: World) -> None:
    deliver(world, clerk(world), "SC-000001", "SC-000003", CARD)
    cards = Card.objects.filter(unit=world.branch, state="IN_STOCK")
    assert cards.count() == balance(world.branch.pk, CARD) == 3


@pytest.mark.req("EQP-1")
def test_cards_go_to_the_branch_that_asked_and_back(world: World) -> None:
    sender, teller = officer(world), clerk(world)
    deliver(world, sender, "SC-000001", "SC-000003", CARD)
    number = operations.requisition(
        kind=CARD, quantity=2, actor=teller, form_key=ids.token(), now=world.now
    )
    operations.fulfil(number=number, first="", actor=sender, form_key=ids.token(), now=world.now)
    assert Card.objects.filter(unit=world.branch).count() == balance(world.branch.pk, CARD) == 2
    operations.send_back(
        serial_number="SC-000002", reason="too many", actor=teller, form_key=ids.token(),
        now=world.now,
    )  # fmt: skip
    assert Card.objects.get(serial_number="SC-000002").unit == Unit.objects.get(code="000")


@pytest.mark.req("EQP-1", "CERT-1")
def test_a_card_that_was_never_used_comes_back_to_stock(world: World) -> None:
    deliver(world, clerk(world), SERIAL, SERIAL, CARD)
    application = apply(world)
    assert state_of() == "ASSIGNED"
    with pytest.raises(CardInUse):
        give_back(world)
    withdraw(world, application)
    give_back(world)
    assert state_of() == "IN_STOCK"
    assert balance(world.branch.pk, CARD) == 1
    apply(world)
    assert state_of() == "ASSIGNED"


@pytest.mark.req("EQP-1")
def test_a_card_in_stock_does_not_come_back(world: World) -> None:
    deliver(world, clerk(world), SERIAL, SERIAL, CARD)
    with pytest.raises(ItemNotGivenOut):
        give_back(world)


@pytest.mark.req("EQP-1", "DUAL-6")
def test_a_card_with_a_certificate_is_not_written_off(world: World) -> None:
    deliver(world, clerk(world), SERIAL, SERIAL, CARD)
    application = apply(world)
    content = write_off_content(item_detail(clerk(world), SERIAL), reason="lost")
    with pytest.raises(ItemNotFit):
        WriteOffKind().check(content, now=world.now)
    with pytest.raises(CardInUse):
        write_off(world)
    withdraw(world, application)
    WriteOffKind().check(content, now=world.now)
    write_off(world)
    assert state_of() == "DAMAGED"
    with pytest.raises(ItemNotFit):
        WriteOffKind().check(content, now=world.now)
    with pytest.raises(ItemElsewhere):
        write_off(world)


@pytest.mark.req("EQP-1")
def test_a_lost_card_is_written_off_as_it_is(world: World) -> None:
    deliver(world, clerk(world), SERIAL, SERIAL, CARD)
    application = apply(world)
    withdraw(world, application)
    with transaction.atomic():
        certificates.report_lost_step(
            card_id=Card.objects.get(serial_number=SERIAL).pk, actor=clerk(world), now=world.now,
            reason="left in a taxi",
        )  # fmt: skip
    write_off(world)
    assert state_of() == "PERM_LOST"
    assert item_detail(clerk(world), SERIAL).place == Place.WRITTEN_OFF


@pytest.mark.req("EQP-1")
def test_the_history_shows_the_certificates_of_a_card_beside_its_movements(world: World) -> None:
    deliver(world, clerk(world), SERIAL, SERIAL, CARD)
    withdraw(world, apply(world))
    give_back(world)
    found = item_detail(clerk(world), SERIAL)
    assert len(found.movements) == 3
    assert found.movements[1].with_whom.startswith("林雅婷 · ")
    verbs = [event.verb for event in found.card_events]
    assert verbs[0] == "withdraw"
    assert {event.holder_name for event in found.card_events} == {"林雅婷"}
