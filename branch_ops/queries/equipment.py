"""Where is which item, and how many are there? Every balance is a sum over movements (EQP-1)."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q, QuerySet

from branch_ops.models import EquipmentItem, EquipmentMovement, EquipmentRequisition
from certificates.models import Card
from certificates.states import CARD_VERBS, CardState
from identity.models import Unit, User
from kernel.machines import sources


def latest_movements() -> QuerySet[EquipmentMovement]:
    """Return the newest movement of every item."""
    later = EquipmentMovement.objects.filter(item=OuterRef("item"), number__gt=OuterRef("number"))
    return EquipmentMovement.objects.filter(~Exists(later))


def balance(unit_id: int, kind: str) -> int:
    """Return how many items of a kind a unit has in stock: those that came less those that left."""
    moved = EquipmentMovement.objects.filter(item__kind=kind)
    came = moved.filter(to_unit_id=unit_id).count()
    return came - moved.filter(from_unit_id=unit_id).count()


def stock_of(unit_id: int, kind: str) -> QuerySet[EquipmentItem]:
    """Return the items of a kind in a unit's stock, the oldest first."""
    here = latest_movements().filter(item=OuterRef("pk"), to_unit_id=unit_id)
    return EquipmentItem.objects.filter(Exists(here), kind=kind).order_by("pk")


def last_movements(item_ids: Iterable[int]) -> dict[int, EquipmentMovement]:
    """Return the newest movement of these items by item; one query."""
    rows = EquipmentMovement.objects.filter(item__in=list(item_ids)).select_related("unit", "item")
    return {row.item_id: row for row in rows.order_by("item_id", "-number").distinct("item_id")}


def taken_serial_number(serial_numbers: Iterable[str]) -> str:
    """Return the first of these serial numbers that is on the books already, or empty text."""
    rows = EquipmentItem.objects.filter(serial_number__in=list(serial_numbers))
    found: str | None = (
        rows.order_by("serial_number").values_list("serial_number", flat=True).first()
    )
    return found or ""


def cards_in_stock(serial_numbers: Iterable[str]) -> list[str]:
    """Return which of these cards were never given out, or came back unused; in their order."""
    rows = Card.objects.filter(serial_number__in=list(serial_numbers), state=CardState.IN_STOCK)
    return [number or "" for number in rows.order_by("pk").values_list("serial_number", flat=True)]


def card_can_be_damaged(serial_number: str) -> bool:
    """Tell whether a card's own life has not ended yet."""
    states = sources(CARD_VERBS, "report_damaged")
    return Card.objects.filter(serial_number=serial_number, state__in=states).exists()


def visible_items(actor: User) -> QuerySet[EquipmentItem]:
    """Return the items a person of the bank may see: a branch those it answers for."""
    if actor.unit is None:
        return EquipmentItem.objects.none()
    if actor.unit.kind != Unit.Kind.BRANCH:
        return EquipmentItem.objects.all()
    own = latest_movements().filter(item=OuterRef("pk"), unit=actor.unit)
    return EquipmentItem.objects.filter(Exists(own))


def visible_movements(actor: User) -> QuerySet[EquipmentMovement]:
    """Return the movements of the items a person of the bank may see."""
    return EquipmentMovement.objects.filter(item__in=visible_items(actor))


def visible_requisitions(actor: User) -> QuerySet[EquipmentRequisition]:
    """Return the requisitions a person of the bank may see: a branch its own, others all."""
    if actor.unit is None:
        return EquipmentRequisition.objects.none()
    if actor.unit.kind != Unit.Kind.BRANCH:
        return EquipmentRequisition.objects.all()
    return EquipmentRequisition.objects.filter(Q(unit=actor.unit) | Q(supplier=actor.unit))
