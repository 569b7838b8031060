"""Equipment is a ledger: an item leaves only where it is, balances are sums (EQP-1)."""

from __future__ import annotations

from functools import partial

import pytest
from django.db import DatabaseError, connection, transaction

from audit.models import Entry
from branch_ops import operations
from branch_ops.errors import (
    ItemElsewhere,
    ItemNotGivenOut,
    ItemUnknown,
    NoSupplier,
    OutOfStock,
    RequisitionEnded,
    RequisitionUnknown,
    SerialNumberTaken,
    SerialRangeWrong,
)
from branch_ops.models import EquipmentItem, EquipmentMovement, EquipmentRequisition
from branch_ops.policies import serial_range
from branch_ops.queries.equipment import balance, stock_of
from branch_ops.states import EquipmentKind, MovementKind
from identity.errors import PermissionMissing
from identity.models import Unit, User
from kernel import ids
from tests.factories.stock import clerk, deliver, officer
from tests.factories.threads import at_once
from tests.factories.world import World

READER, STATIONERY = EquipmentKind.READER, EquipmentKind.STATIONERY


def issue(world: World, serial_number: str, unit: Unit | None = None) -> None:
    with transaction.atomic():
        operations.issue_step(
            serial_number=serial_number, unit_id=(unit or world.branch).pk,
            company_id=world.company.pk, reference="C26000001", actor=clerk(world), now=world.now,
        )  # fmt: skip


def consume(world: World, actor: User | None = None) -> str:
    with transaction.atomic():
        return operations.consume_stationery_step(
            unit_id=world.branch.pk, reference="letter:ABCD", actor=actor or clerk(world),
            now=world.now,
        )  # fmt: skip


def give_back(world: World, serial_number: str, actor: User | None = None) -> None:
    operations.return_(
        serial_number=serial_number, reason="left the company", actor=actor or clerk(world),
        form_key=ids.token(), now=world.now,
    )  # fmt: skip


def send_back(world: World, serial_number: str, actor: User | None = None) -> None:
    operations.send_back(
        serial_number=serial_number, reason="too many", actor=actor or clerk(world),
        form_key=ids.token(), now=world.now,
    )  # fmt: skip


def write_off(world: World, serial_number: str) -> None:
    with transaction.atomic():
        operations.write_off_step(
            serial_number=serial_number, reference="E26000001", reason="broken",
            actor=officer(world, "branch.business.checker", world.branch), now=world.now,
        )  # fmt: skip


def ask(world: World, quantity: int, kind: str = READER, actor: User | None = None) -> str:
    return operations.requisition(
        kind=kind, quantity=quantity, actor=actor or clerk(world), form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def fulfil(world: World, number: str, first: str = "", actor: User | None = None) -> list[str]:
    return operations.fulfil(
        number=number, first=first, actor=actor or officer(world), form_key=ids.token(),
        now=world.now,
    )  # fmt: skip


def head_office() -> Unit:
    return Unit.objects.get(code="000")


def kinds_of(serial_number: str) -> list[str]:
    rows = EquipmentMovement.objects.filter(item__serial_number=serial_number).order_by("number")
    return list(rows.values_list("kind", flat=True))


# --- deliveries ----------------------------------------------------------------------------------
@pytest.mark.req("EQP-1")
def test_a_delivery_comes_in_by_its_range_of_serial_numbers(world: World) -> None:
    assert deliver(world, clerk(world), "RD-0098", "RD-0102", READER) == 5
    assert balance(world.branch.pk, READER) == 5
    numbers = [item.serial_number for item in stock_of(world.branch.pk, READER)]
    assert numbers == ["RD-0098", "RD-0099", "RD-0100", "RD-0101", "RD-0102"]
    entry = Entry.objects.get(event="equipment.item.received")
    assert (entry.chain, entry.after["quantity"]) == ("unit:001", 5)


@pytest.mark.req("EQP-1")
@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("RD-0002", "RD-0001"), ("RD-0001", "RE-0002"), ("RD-0001", "RD-00002"),
        ("RD-0001", "RD-9999"), ("READER", "READER"), ("RD_0001", "RD_0002"), ("A1", "A2"),
    ],
)  # fmt: skip
def test_what_is_no_range_is_no_delivery(first: str, last: str) -> None:
    with pytest.raises(SerialRangeWrong):
        serial_range(first, last)


@pytest.mark.req("EQP-1")
def test_a_serial_number_comes_in_once(world: World) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0003", READER)
    with pytest.raises(SerialNumberTaken) as refused:
        deliver(world, clerk(world), "RD-0003", "RD-0005", READER)
    assert "RD-0003" in str(refused.value)
    assert balance(world.branch.pk, READER) == 3
    assert EquipmentItem.objects.count() == 3


@pytest.mark.req("TRF-8")
def test_a_delivery_sent_twice_comes_in_once(world: World) -> None:
    for _ in range(2):
        operations.receive(
            kind=READER, first="rd-0001", last="rd-0002 ", reference="DN-7", actor=clerk(world),
            form_key="same", now=world.now,
        )  # fmt: skip
    assert balance(world.branch.pk, READER) == 2


@pytest.mark.req("DEL-7")
def test_a_checker_keeps_no_stock(world: World) -> None:
    checker = officer(world, "branch.business.checker", world.branch)
    for act in (
        partial(deliver, world, checker, "RD-0001", "RD-0001", READER),
        partial(give_back, world, "RD-0001", checker),
        partial(ask, world, 1, actor=checker),
        partial(fulfil, world, "Q1", actor=checker),
    ):
        with pytest.raises(PermissionMissing):
            act()


# --- the way of an item --------------------------------------------------------------------------
@pytest.mark.req("EQP-1")
def test_the_whole_way_of_an_item_is_kept(world: World) -> None:
    deliver(world, officer(world), "RD-0001", "RD-0002", READER)
    assert fulfil(world, ask(world, 1)) == ["RD-0001"]
    issue(world, "RD-0001")
    give_back(world, "RD-0001")
    issue(world, "rd-0001")
    write_off(world, "RD-0001")
    assert kinds_of("RD-0001") == [
        "RECEIPT", "REQUISITION", "ISSUE", "RETURN", "ISSUE", "WRITE_OFF",
    ]  # fmt: skip
    assert balance(world.branch.pk, READER) == 0
    assert balance(head_office().pk, READER) == 1
    for act in (partial(issue, world), partial(write_off, world)):
        with pytest.raises(ItemElsewhere):
            act("RD-0001")
    with pytest.raises(ItemNotGivenOut):
        give_back(world, "RD-0001")


@pytest.mark.req("EQP-1")
def test_what_is_elsewhere_cannot_be_given_out(world: World) -> None:
    deliver(world, officer(world), "RD-0001", "RD-0001", READER)
    with pytest.raises(ItemElsewhere):
        issue(world, "RD-0001")
    with pytest.raises(ItemUnknown):
        issue(world, "RD-9999")


@pytest.mark.req("EQP-1", "DEL-4")
def test_a_branch_handles_its_own_items_alone(world: World) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    for act in (give_back, send_back):
        with pytest.raises(ItemUnknown):
            act(world, "RD-0001", clerk(world, "branch002"))
    issue(world, "RD-0001")
    with pytest.raises(ItemUnknown):
        give_back(world, "RD-0001", clerk(world, "branch002"))


@pytest.mark.req("EQP-1")
def test_a_branch_sends_back_what_it_has_in_stock(world: World) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0002", READER)
    send_back(world, "RD-0001")
    assert balance(head_office().pk, READER) == 1
    with pytest.raises(ItemUnknown):
        send_back(world, "RD-0001")
    issue(world, "RD-0002")
    with pytest.raises(ItemElsewhere):
        send_back(world, "RD-0002")
    with pytest.raises(NoSupplier):
        send_back(world, "RD-0001", officer(world))


# --- letter forms --------------------------------------------------------------------------------
@pytest.mark.req("EQP-1", "CERT-7")
def test_letters_use_the_oldest_form_of_the_branch(world: World) -> None:
    deliver(world, clerk(world), "LF-0200", "LF-0200", STATIONERY)
    deliver(world, clerk(world), "LF-0100", "LF-0100", STATIONERY)
    assert [consume(world), consume(world)] == ["LF-0200", "LF-0100"]
    movement = EquipmentMovement.objects.get(item__serial_number="LF-0200", number=2)
    assert (movement.kind, movement.reference) == (MovementKind.ISSUE, "letter:ABCD")
    with pytest.raises(OutOfStock):
        consume(world)


@pytest.mark.req("EQP-1")
def test_a_letter_that_is_not_printed_uses_no_form(world: World) -> None:
    deliver(world, clerk(world), "LF-0100", "LF-0100", STATIONERY)
    with transaction.atomic():
        operations.consume_stationery_step(
            unit_id=world.branch.pk, reference="x", actor=clerk(world), now=world.now
        )
        transaction.set_rollback(True)
    assert balance(world.branch.pk, STATIONERY) == 1


# --- requisitions --------------------------------------------------------------------------------
@pytest.mark.req("EQP-1", "CERT-7")
def test_head_office_sends_what_a_branch_asks_for(world: World) -> None:
    deliver(world, officer(world), "RD-0001", "RD-0009", READER)
    number = ask(world, 3)
    assert fulfil(world, number, first="RD-0005") == ["RD-0005", "RD-0006", "RD-0007"]
    row = EquipmentRequisition.objects.get(number=number)
    assert (row.state, row.unit, row.supplier) == ("FULFILLED", world.branch, head_office())
    assert (balance(world.branch.pk, READER), balance(head_office().pk, READER)) == (3, 6)
    movement = EquipmentMovement.objects.filter(kind=MovementKind.REQUISITION).first()
    assert movement is not None
    assert movement.reference == number
    with pytest.raises(RequisitionEnded):
        fulfil(world, number)


@pytest.mark.req("EQP-1")
def test_head_office_sends_no_more_than_it_has(world: World) -> None:
    deliver(world, officer(world), "RD-0001", "RD-0002", READER)
    number = ask(world, 3)
    with pytest.raises(OutOfStock) as refused:
        fulfil(world, number)
    assert "2" in str(refused.value)
    assert EquipmentRequisition.objects.get(number=number).state == "OPEN"
    operations.decline(number=number, reason="next month", actor=officer(world), now=world.now)
    with pytest.raises(RequisitionEnded):
        operations.withdraw(number=number, actor=clerk(world), now=world.now)


@pytest.mark.req("EQP-1", "DEL-4")
def test_a_requisition_is_its_branchs_own(world: World) -> None:
    number = ask(world, 3)
    with pytest.raises(RequisitionUnknown):
        operations.withdraw(number=number, actor=clerk(world, "branch002"), now=world.now)
    other = officer(world, unit=Unit.objects.get(code="002"))
    with pytest.raises(RequisitionUnknown):
        fulfil(world, number, actor=other)
    operations.withdraw(number=number, actor=clerk(world), now=world.now)
    with pytest.raises(RequisitionEnded):
        fulfil(world, number)
    with pytest.raises(NoSupplier):
        ask(world, 1, actor=officer(world))


@pytest.mark.req("TRF-8")
def test_a_requisition_sent_twice_is_one(world: World) -> None:
    ask_once = partial(
        operations.requisition, kind=READER, quantity=2, actor=clerk(world), form_key="k",
        now=world.now,
    )  # fmt: skip
    assert ask_once() == ask_once()
    assert EquipmentRequisition.objects.count() == 1


# --- races ---------------------------------------------------------------------------------------
@pytest.mark.req("EQP-1")
@pytest.mark.django_db(transaction=True)
def test_one_card_is_given_out_once(open_world: World) -> None:
    world = open_world
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    results = at_once([partial(issue, world, "RD-0001")] * 8)
    assert sum(result is None for result in results) == 1
    assert sum(isinstance(result, ItemElsewhere) for result in results) == 7
    assert kinds_of("RD-0001") == ["RECEIPT", "ISSUE"]
    assert balance(world.branch.pk, READER) == 0


@pytest.mark.req("EQP-1")
@pytest.mark.django_db(transaction=True)
def test_eight_letters_at_once_use_eight_forms(open_world: World) -> None:
    world = open_world
    deliver(world, clerk(world), "LF-0001", "LF-0006", STATIONERY)
    results = at_once([partial(consume, world)] * 8)
    used = {result for result in results if isinstance(result, str)}
    assert used == {f"LF-000{number}" for number in range(1, 7)}
    assert sum(isinstance(result, OutOfStock) for result in results) == 2
    assert balance(world.branch.pk, STATIONERY) == 0


@pytest.mark.req("EQP-1")
@pytest.mark.django_db(transaction=True)
def test_the_same_delivery_from_eight_sides_comes_in_once(open_world: World) -> None:
    world = open_world
    results = at_once([partial(deliver, world, clerk(world), "RD-0001", "RD-0020", READER)] * 8)
    assert results.count(20) == 1
    assert sum(isinstance(result, SerialNumberTaken) for result in results) == 7
    assert balance(world.branch.pk, READER) == 20


@pytest.mark.req("EQP-1")
@pytest.mark.django_db(transaction=True)
def test_two_requisitions_at_once_never_send_the_same_item(open_world: World) -> None:
    world = open_world
    sender = officer(world)
    deliver(world, sender, "RD-0001", "RD-0005", READER)
    numbers = [ask(world, 3), ask(world, 3)]
    results = at_once([partial(fulfil, world, number, actor=sender) for number in numbers])
    assert sum(isinstance(result, OutOfStock) for result in results) == 1
    assert balance(world.branch.pk, READER) == 3
    assert balance(head_office().pk, READER) == 2


# --- the database --------------------------------------------------------------------------------
MOVE = (
    "INSERT INTO branch_ops_equipmentmovement"
    " (item_id, number, kind, from_unit_id, to_unit_id, unit_id, reference, reason, actor, at)"
    " SELECT item.id, %s, %s, f.id, t.id, u.id, '', '', 'x', now()"
    " FROM branch_ops_equipmentitem item"
    " LEFT JOIN identity_unit f ON f.code = %s LEFT JOIN identity_unit t ON t.code = %s"
    " JOIN identity_unit u ON u.code = %s"
)


@pytest.mark.req("EQP-1")
@pytest.mark.parametrize(
    ("number", "kind", "left", "came", "unit"),
    [
        (2, "ISSUE", "002", None, "002"),  # it is not there
        (2, "ISSUE", "001", None, "002"),  # another unit would answer for it
        (3, "ISSUE", "001", None, "001"),  # a gap
        (1, "RECEIPT", None, "001", "001"),  # received twice
        (2, "RETURN", None, "001", "001"),  # nobody has it
        (2, "REQUISITION", "001", "001", "001"),  # nowhere to go
        (2, "WRITE_OFF", None, None, "001"),  # it is in stock
    ],
)
def test_the_database_lets_no_item_leave_where_it_is_not(
    world: World, number: int, kind: str, left: str | None, came: str | None, unit: str
) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(MOVE, [number, kind, left, came, unit])
    with connection.cursor() as cursor:
        cursor.execute(MOVE, [2, "ISSUE", "001", None, "001"])
    assert kinds_of("RD-0001") == ["RECEIPT", "ISSUE"]


@pytest.mark.req("EQP-1")
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE branch_ops_equipmentmovement SET to_unit_id = NULL",
        "DELETE FROM branch_ops_equipmentmovement",
        "UPDATE branch_ops_equipmentitem SET kind = 'CARD'",
        "DELETE FROM branch_ops_equipmentitem",
        "UPDATE branch_ops_equipmentrequisition SET quantity = 1",
        "DELETE FROM branch_ops_equipmentrequisition",
    ],
)
def test_movements_items_and_requisitions_are_kept(world: World, damage: str) -> None:
    deliver(world, clerk(world), "RD-0001", "RD-0001", READER)
    ask(world, 3)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(damage)
    assert balance(world.branch.pk, READER) == 1
