"""Receive, give out, take back and write off equipment: every act is a movement (EQP-1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit import operations as audit
from branch_ops.errors import (
    CompanyUnknown,
    ItemElsewhere,
    ItemNotGivenOut,
    ItemUnknown,
    NoSupplier,
    NotForTheCounter,
    OutOfStock,
    SerialNumberTaken,
)
from branch_ops.models import EquipmentItem, EquipmentMovement
from branch_ops.permissions import EquipmentPermission
from branch_ops.policies import read_serial_number, serial_range
from branch_ops.queries.equipment import (
    card_can_be_damaged,
    cards_in_stock,
    last_movements,
    stock_of,
    taken_serial_number,
    visible_items,
)
from branch_ops.states import EquipmentKind, MovementKind
from certificates import operations as certificates
from identity.formats import form_name
from identity.models import Unit, User
from identity.operations import claim_form
from identity.permissions import check
from identity.queries import visible_companies


@dataclass(frozen=True, slots=True)
class Way:
    """Say why items go where; `unit` answers for them afterwards, references are the act's own."""

    kind: MovementKind
    from_unit_id: int | None
    to_unit_id: int | None
    unit_id: int
    company_id: int | None = None
    holder_id: int | None = None
    reference: str = ""
    reason: str = ""


@transaction.atomic(durable=True)
def receive(
    *, kind: str, first: str, last: str, reference: str, actor: User, form_key: str, now: datetime
) -> int:
    """Take a delivery into the actor's unit by its range of serial numbers; return how many.

    `reference` is the delivery note's number. A second sending of the same form changes nothing.
    Raises PermissionMissing, SerialRangeWrong, SerialNumberTaken.
    """
    check(actor, EquipmentPermission.RECEIVE)
    unit = home_of(actor)
    numbers = serial_range(read_serial_number(first), read_serial_number(last))
    key = form_name("equipment.receive", numbers[0], form_key)
    if claim_form(actor=actor, key=key, outcome=str(len(numbers)), now=now):
        return len(numbers)
    kind = EquipmentKind(kind)
    items = [EquipmentItem(kind=kind, serial_number=number, received_at=now) for number in numbers]
    # Whoever is later than another with the same numbers is refused, not broken.
    EquipmentItem.objects.bulk_create(items, ignore_conflicts=True)
    rows = EquipmentItem.objects.filter(serial_number__in=numbers, movements__isnull=True)
    created = list(rows.select_for_update(of=("self",)).order_by("pk"))
    if len(created) != len(numbers):
        free = {item.serial_number for item in created}
        raise SerialNumberTaken(taken_serial_number(set(numbers) - free) or numbers[0])
    if kind == EquipmentKind.CARD:
        for number in numbers:
            certificates.receive_card_step(serial_number=number, unit_id=unit.pk, now=now)
    way = Way(MovementKind.RECEIPT, None, unit.pk, unit.pk, reference=reference)
    move_step(
        created, way, numbers=dict.fromkeys((item.pk for item in created), 1), actor=actor, now=now
    )
    record(
        unit, "equipment.item.received", f"equipment:{numbers[0]}", actor, now,
        after={
            "kind": kind, "first": numbers[0], "last": numbers[-1], "quantity": len(numbers),
            "delivery": reference,
        },
    )  # fmt: skip
    return len(numbers)


def issue_step(
    *,
    serial_number: str,
    unit_id: int,
    company_id: int | None = None,
    holder_id: int | None = None,
    reference: str,
    actor: User,
    now: datetime,
) -> None:
    """Give an item of a unit's stock out to a customer; a step. Raises ItemUnknown, ItemElsewhere.

    `holder_id` names the person who gets a card; `reference` the request or certificate.
    """
    audit.require_transaction()
    item, last = lock_item(serial_number)
    if last.to_unit_id != unit_id:
        raise ItemElsewhere(item.serial_number)
    way = Way(
        MovementKind.ISSUE, unit_id, None, unit_id,
        company_id=company_id, holder_id=holder_id, reference=reference,
    )  # fmt: skip
    move_step([item], way, numbers={item.pk: last.number + 1}, actor=actor, now=now)
    record(
        last.unit, "equipment.item.issued", target_of(item), actor, now,
        after={"kind": item.kind, "reference": reference},
    )  # fmt: skip


def consume_stationery_step(*, unit_id: int, reference: str, actor: User, now: datetime) -> str:
    """Use the oldest letter form in a unit's stock and return its serial number; a step.

    `reference` is what was printed on it. Raises OutOfStock; nothing is used when the act fails.
    """
    audit.require_transaction()
    while True:
        rows = stock_of(unit_id, EquipmentKind.STATIONERY)
        found = rows.values_list("serial_number", flat=True).first()
        if found is None:
            raise OutOfStock(0)
        item, last = lock_item(found)
        # Somebody may have used this form while we waited for its lock: then take the next.
        if last.to_unit_id == unit_id:
            issue_step(
                serial_number=found, unit_id=unit_id, reference=reference, actor=actor, now=now
            )
            return item.serial_number


@transaction.atomic(durable=True)
def issue(
    *, serial_number: str, company_code: str, actor: User, form_key: str, now: datetime
) -> None:
    """Give a card reader of the actor's unit to one of its companies.

    Cards go out with their application and letter forms with their letter, never by hand.
    Raises PermissionMissing, CompanyUnknown, ItemUnknown, NotForTheCounter, ItemElsewhere.
    """
    check(actor, EquipmentPermission.ISSUE)
    number = read_serial_number(serial_number)
    key = form_name("equipment.issue", number, form_key)
    if claim_form(actor=actor, key=key, outcome=number, now=now):
        return
    company = visible_companies(actor).filter(code=company_code).first()
    if company is None:
        raise CompanyUnknown
    item, last = find_item(number, seen_by=actor)
    if item.kind != EquipmentKind.READER:
        raise NotForTheCounter
    issue_step(
        serial_number=item.serial_number, unit_id=last.unit_id, company_id=company.pk,
        reference="", actor=actor, now=now,
    )  # fmt: skip


@transaction.atomic(durable=True)
def return_(*, serial_number: str, reason: str, actor: User, form_key: str, now: datetime) -> None:
    """Take back into stock what the actor's unit had given out; a card's own life follows.

    Raises PermissionMissing, ItemUnknown, ItemNotGivenOut; of a card what its room refuses
    (CardInUse, CardStateChanged).
    """
    check(actor, EquipmentPermission.RETURN)
    unit = home_of(actor)
    key = form_name("equipment.return", serial_number, form_key)
    if claim_form(actor=actor, key=key, outcome=serial_number, now=now):
        return
    item, last = find_item(serial_number, seen_by=actor)
    _check_given_out(item, last, unit)
    # Cards are locked before items, here as where one is given out with its application.
    if item.kind == EquipmentKind.CARD:
        certificates.return_card_step(serial_number=item.serial_number, actor=actor, now=now)
    item, last = lock_item(item.serial_number)
    _check_given_out(item, last, unit)
    way = Way(
        MovementKind.RETURN, None, last.unit_id, last.unit_id,
        company_id=last.company_id, holder_id=last.holder_id, reason=reason,
    )  # fmt: skip
    move_step([item], way, numbers={item.pk: last.number + 1}, actor=actor, now=now)
    record(
        last.unit, "equipment.item.returned", target_of(item), actor, now,
        after={"kind": item.kind}, reason=reason,
    )  # fmt: skip


@transaction.atomic(durable=True)
def send_back(
    *, serial_number: str, reason: str, actor: User, form_key: str, now: datetime
) -> None:
    """Send an item in stock of the actor's unit back to the unit above it.

    Raises PermissionMissing, ItemUnknown, ItemElsewhere, NoSupplier.
    """
    check(actor, EquipmentPermission.RETURN)
    unit = home_of(actor)
    key = form_name("equipment.send_back", serial_number, form_key)
    if claim_form(actor=actor, key=key, outcome=serial_number, now=now):
        return
    if unit.parent_id is None:
        raise NoSupplier
    item, last = find_item(serial_number, seen_by=actor)
    if last.to_unit_id != unit.pk:
        raise ItemElsewhere(item.serial_number)
    move_card([item], unit.parent_id, actor, now)
    item, last = lock_item(item.serial_number)
    if last.to_unit_id != unit.pk:
        raise ItemElsewhere(item.serial_number)
    way = Way(MovementKind.RETURN, unit.pk, unit.parent_id, unit.parent_id, reason=reason)
    move_step([item], way, numbers={item.pk: last.number + 1}, actor=actor, now=now)
    record(
        unit, "equipment.item.sent_back", target_of(item), actor, now,
        after={"kind": item.kind}, reason=reason,
    )  # fmt: skip


def write_off_step(
    *, serial_number: str, reference: str, reason: str, actor: User, now: datetime
) -> None:
    """Write an item off for good, from stock or from a customer's hands; a step (DUAL-6).

    What a released request does; `reference` is the request. A card ends with it. Raises
    ItemUnknown, ItemElsewhere; of a card CardInUse.
    """
    audit.require_transaction()
    item, _last = find_item(serial_number)
    if item.kind == EquipmentKind.CARD and card_can_be_damaged(item.serial_number):
        certificates.write_off_card_step(
            serial_number=item.serial_number, actor=actor, now=now, reason=reason
        )
    item, last = lock_item(item.serial_number)
    if last.kind == MovementKind.WRITE_OFF:
        raise ItemElsewhere(item.serial_number)
    way = Way(
        MovementKind.WRITE_OFF, last.to_unit_id, None, last.unit_id,
        company_id=last.company_id, holder_id=last.holder_id, reference=reference, reason=reason,
    )  # fmt: skip
    move_step([item], way, numbers={item.pk: last.number + 1}, actor=actor, now=now)
    record(
        last.unit, "equipment.item.written_off", target_of(item), actor, now,
        after={"kind": item.kind, "request": reference}, reason=reason,
    )  # fmt: skip


def move_card(items: Iterable[EquipmentItem], unit_id: int, actor: User, now: datetime) -> None:
    """Let the cards among these items belong to another unit's stock; a step.

    One that came back used has ended and stays where its life left it.
    """
    numbers = [item.serial_number for item in items if item.kind == EquipmentKind.CARD]
    for number in cards_in_stock(numbers):
        certificates.move_card_step(serial_number=number, unit_id=unit_id, actor=actor, now=now)


def find_item(
    serial_number: str, *, seen_by: User | None = None
) -> tuple[EquipmentItem, EquipmentMovement]:
    """Return an item, one the person may see where one is named, and its newest movement.

    Neither is locked. Raises ItemUnknown.
    """
    rows = visible_items(seen_by) if seen_by is not None else EquipmentItem.objects.all()
    return _with_last(rows.filter(serial_number=read_serial_number(serial_number)).first())


def lock_item(serial_number: str) -> tuple[EquipmentItem, EquipmentMovement]:
    """Lock an item and return it with its newest movement; a step. Raises ItemUnknown.

    The movement is read after the lock is held, so it is the newest there is.
    """
    rows = EquipmentItem.objects.select_for_update()
    return _with_last(rows.filter(serial_number=read_serial_number(serial_number)).first())


def _with_last(item: EquipmentItem | None) -> tuple[EquipmentItem, EquipmentMovement]:
    last = last_movements([item.pk]).get(item.pk) if item is not None else None
    if item is None or last is None:
        raise ItemUnknown
    return item, last


def _check_given_out(item: EquipmentItem, last: EquipmentMovement, unit: Unit) -> None:
    """Insist that a customer has an item of this unit; a used letter form never comes back."""
    given_out = last.kind == MovementKind.ISSUE and last.unit_id == unit.pk
    if not given_out or item.kind == EquipmentKind.STATIONERY:
        raise ItemNotGivenOut(item.serial_number)


def move_step(
    items: Iterable[EquipmentItem],
    way: Way,
    *,
    numbers: dict[int, int],
    actor: User,
    now: datetime,
) -> None:
    """Write one movement for each of these locked items; a step. `numbers` are theirs by item."""
    audit.require_transaction()
    EquipmentMovement.objects.bulk_create(
        EquipmentMovement(
            item=item,
            number=numbers[item.pk],
            kind=way.kind,
            from_unit_id=way.from_unit_id,
            to_unit_id=way.to_unit_id,
            unit_id=way.unit_id,
            company_id=way.company_id,
            holder_id=way.holder_id,
            reference=way.reference,
            reason=way.reason,
            actor=actor.public_id,
            at=now,
        )
        for item in items
    )


def home_of(actor: User) -> Unit:
    """Return the unit a person of the bank acts for. Raises ItemUnknown for anybody else."""
    if actor.unit is None:
        raise ItemUnknown
    return actor.unit


def target_of(item: EquipmentItem) -> str:
    """Return how the log names an item."""
    return f"equipment:{item.serial_number}"


def record(
    unit: Unit,
    event: str,
    target: str,
    actor: User,
    now: datetime,
    *,
    after: dict[str, object],
    reason: str = "",
) -> None:
    """Append an act on equipment to the audit chain of the unit it happened in."""
    audit.record(
        chain=f"unit:{unit.code}", event=event, actor=actor.public_id, target=target, now=now,
        after=after, reason=reason,
    )  # fmt: skip
