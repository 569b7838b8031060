"""What the pages of requisitions show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from branch_ops.errors import RequisitionUnknown
from branch_ops.models import EquipmentMovement, EquipmentRequisition
from branch_ops.queries.equipment import visible_requisitions
from branch_ops.render import word
from branch_ops.render.stock import REQUISITION_TONES, requisition_state
from branch_ops.states import MovementKind, RequisitionState
from identity.models import User
from identity.queries import names

PAGE = 25


@dataclass(frozen=True, slots=True)
class RequisitionRow:
    """Show one requisition; `available` is what the supplier has, None where nobody asks."""

    number: str
    unit_id: int
    unit_name: str
    supplier_id: int
    supplier_name: str
    kind: str
    kind_label: str
    quantity: int
    state: str
    state_label: str
    tone: str
    requested_at: datetime
    requested_by: str
    ended_at: datetime | None
    ended_by: str
    reason: str


def find_requisitions(
    actor: User, *, state: str, cursor: str, limit: int = PAGE
) -> tuple[list[RequisitionRow], str]:
    """Return a page of requisitions the actor may see, newest first; two statements."""
    rows = visible_requisitions(actor).select_related("unit", "supplier")
    if state in list(RequisitionState):
        rows = rows.filter(state=state)
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 18:
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return _requisition_rows(shown), str(shown[-1].pk) if len(found) > limit else ""


def requisition_detail(actor: User, number: str) -> RequisitionRow:
    """Return one requisition the actor may see. Raises RequisitionUnknown."""
    rows = visible_requisitions(actor).select_related("unit", "supplier")
    row = rows.filter(number=number).first()
    if row is None:
        raise RequisitionUnknown
    return _requisition_rows([row])[0]


def sent_with(number: str) -> list[str]:
    """Return the serial numbers that were sent for a requisition, in order."""
    rows = EquipmentMovement.objects.filter(reference=number, kind=MovementKind.REQUISITION)
    return list(rows.order_by("item__serial_number").values_list("item__serial_number", flat=True))


def _requisition_rows(rows: Iterable[EquipmentRequisition]) -> list[RequisitionRow]:
    listed = list(rows)
    known = names({who for row in listed for who in (row.requested_by, row.ended_by) if who})
    return [
        RequisitionRow(
            number=row.number,
            unit_id=row.unit_id,
            unit_name=row.unit.name,
            supplier_id=row.supplier_id,
            supplier_name=row.supplier.name,
            kind=row.kind,
            kind_label=word(row.kind),
            quantity=row.quantity,
            state=row.state,
            state_label=requisition_state(row.state),
            tone=REQUISITION_TONES[row.state],
            requested_at=row.requested_at,
            requested_by=known.get(row.requested_by, row.requested_by),
            ended_at=row.ended_at,
            ended_by=known.get(row.ended_by, row.ended_by),
            reason=row.reason,
        )
        for row in listed
    ]
