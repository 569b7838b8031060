"""Ask the unit above for equipment, and send what was asked for (EQP-1)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from branch_ops.errors import NoSupplier, OutOfStock, RequisitionEnded, RequisitionUnknown
from branch_ops.models import EquipmentItem, EquipmentRequisition
from branch_ops.operations.equipment import Way, home_of, move_card, move_step, record
from branch_ops.permissions import EquipmentPermission
from branch_ops.policies import read_serial_number
from branch_ops.queries.equipment import last_movements, stock_of, visible_requisitions
from branch_ops.states import REQUISITION_VERBS, EquipmentKind, MovementKind
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form
from identity.permissions import check
from kernel import ids
from kernel.machines import sources


@transaction.atomic(durable=True)
def requisition(*, kind: str, quantity: int, actor: User, form_key: str, now: datetime) -> str:
    """Ask the unit above the actor's for items of a kind; return the requisition's number.

    A second sending of the same form returns the first one's. Raises PermissionMissing, NoSupplier.
    """
    check(actor, EquipmentPermission.REQUISITION)
    unit = home_of(actor)
    if unit.parent_id is None:
        raise NoSupplier
    number = f"Q{ids.readable(9)}"
    key = form_name("equipment.requisition", unit.code, form_key)
    earlier = claim_form(actor=actor, key=key, outcome=number, now=now)
    if earlier:
        return earlier
    row = EquipmentRequisition(
        number=number, unit=unit, supplier_id=unit.parent_id, kind=EquipmentKind(kind),
        quantity=quantity, requested_by=actor.public_id, requested_at=now,
    )  # fmt: skip
    row.save(force_insert=True)
    after: dict[str, object] = {"kind": row.kind, "quantity": quantity}
    record(unit, "equipment.requisition.requested", f"requisition:{row}", actor, now, after=after)
    return number


@transaction.atomic(durable=True)
def fulfil(*, number: str, first: str, actor: User, form_key: str, now: datetime) -> list[str]:
    """Send what a unit asked for out of the actor's stock; return the serial numbers.

    Those in stock from serial number `first` on are sent, or the oldest where it is empty. A
    second sending of the same form sends nothing. Raises PermissionMissing, RequisitionUnknown,
    RequisitionEnded, OutOfStock.
    """
    check(actor, EquipmentPermission.FULFIL)
    key = form_name("equipment.fulfil", number, form_key)
    if claim_form(actor=actor, key=key, outcome=number, now=now):
        return []
    row = _lock(number, "fulfil", actor)
    if row.supplier_id != home_of(actor).pk:
        raise RequisitionUnknown
    items = _pick(row, read_serial_number(first), actor, now)
    way = Way(
        MovementKind.REQUISITION, row.supplier_id, row.unit_id, row.unit_id, reference=str(row)
    )
    positions = {pk: last.number + 1 for pk, last in last_movements(i.pk for i in items).items()}
    move_step(items, way, numbers=positions, actor=actor, now=now)
    _end(row, "fulfil", actor, now)
    sent = [item.serial_number for item in items]
    after: dict[str, object] = {
        "kind": row.kind, "quantity": len(sent), "first": sent[0], "last": sent[-1],
    }  # fmt: skip
    record(
        row.unit, "equipment.requisition.fulfilled", f"requisition:{row}", actor, now, after=after
    )
    return sent


@transaction.atomic(durable=True)
def decline(*, number: str, reason: str, actor: User, now: datetime) -> None:
    """Refuse a requisition. Raises PermissionMissing, RequisitionUnknown, RequisitionEnded."""
    check(actor, EquipmentPermission.FULFIL)
    row = _lock(number, "decline", actor)
    if row.supplier_id != home_of(actor).pk:
        raise RequisitionUnknown
    _end(row, "decline", actor, now, reason)
    record(
        row.unit,
        "equipment.requisition.declined",
        f"requisition:{row}",
        actor,
        now,
        after={},
        reason=reason,
    )


@transaction.atomic(durable=True)
def withdraw(*, number: str, actor: User, now: datetime) -> None:
    """Take a requisition back. Raises PermissionMissing, RequisitionUnknown, RequisitionEnded."""
    check(actor, EquipmentPermission.REQUISITION)
    row = _lock(number, "withdraw", actor)
    if row.unit_id != home_of(actor).pk:
        raise RequisitionUnknown
    _end(row, "withdraw", actor, now)
    record(row.unit, "equipment.requisition.withdrawn", f"requisition:{row}", actor, now, after={})


def _lock(number: str, verb: str, actor: User) -> EquipmentRequisition:
    rows = visible_requisitions(actor).select_related("unit").select_for_update(of=("self",))
    row = rows.filter(number=number).first()
    if row is None:
        raise RequisitionUnknown
    if row.state not in sources(REQUISITION_VERBS, verb):
        raise RequisitionEnded
    return row


def _pick(row: EquipmentRequisition, first: str, actor: User, now: datetime) -> list[EquipmentItem]:
    """Lock and return the items to send, all of them in the supplier's stock at this moment.

    Cards are locked before items; the cards go to the unit that asked.
    """
    stock = stock_of(row.supplier_id, row.kind)
    if first:
        stock = stock.filter(serial_number__gte=first).order_by("serial_number")
    chosen = list(stock[: row.quantity])
    move_card(chosen, row.unit_id, actor, now)
    wanted = [item.pk for item in chosen]
    # Locked by id, so that two clerks never wait for each other in a circle; then looked at again.
    locked = EquipmentItem.objects.filter(pk__in=wanted).select_for_update().order_by("pk")
    items = list(locked)
    last = last_movements(wanted)
    items = [item for item in items if last[item.pk].to_unit_id == row.supplier_id]
    if len(items) < row.quantity:
        raise OutOfStock(len(items))
    return sorted(items, key=lambda item: item.serial_number)


def _end(
    row: EquipmentRequisition, verb: str, actor: User, now: datetime, reason: str = ""
) -> None:
    getattr(row, verb)()
    row.ended_by, row.ended_at, row.reason = actor.public_id, now, reason
    row.save()
