"""What the pages of equipment show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from approvals.queries.proposals import open_request_on
from branch_ops.errors import ItemUnknown
from branch_ops.models import EquipmentItem, EquipmentMovement
from branch_ops.policies import read_serial_number
from branch_ops.queries.equipment import (
    latest_movements,
    visible_items,
)
from branch_ops.render import who, word
from branch_ops.render.stock import (
    MOVEMENT_TONES,
    PLACE_TONES,
    movement_word,
    place_word,
)
from branch_ops.states import EquipmentKind, MovementKind, Place
from certificates.models import Card, CertificateEvent
from certificates.states import FINAL
from identity.models import Unit, User
from identity.queries import names, visible_companies

PAGE = 25
CARD_EVENTS_MOST = 100


@dataclass(frozen=True, slots=True)
class StockLine:
    """Show how many items of one kind a unit has, each a sum over movements (EQP-1)."""

    unit_code: str
    unit_name: str
    kind: str
    kind_label: str
    in_stock: int
    given_out: int


@dataclass(frozen=True, slots=True)
class ItemRow:
    """Show one item and where it is."""

    serial_number: str
    kind_label: str
    place_label: str
    tone: str
    unit_name: str
    with_whom: str
    since: datetime


@dataclass(frozen=True, slots=True)
class MovementRow:
    """Show one movement of an item; `with_whom` is empty where the reader may not know."""

    serial_number: str
    item_kind_label: str
    at: datetime
    label: str
    tone: str
    from_unit: str
    to_unit: str
    with_whom: str
    reference: str
    reason: str
    who: str


@dataclass(frozen=True, slots=True)
class CardEvent:
    """Show one change of a certificate that was on a card."""

    at: datetime
    certificate: str
    certificate_id: int
    verb: str
    target: str
    holder_name: str
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """Show one item whole: where it is, every movement, and a card's own life."""

    serial_number: str
    kind: str
    kind_label: str
    place: Place
    place_label: str
    tone: str
    unit_id: int
    unit_name: str
    with_whom: str
    received_at: datetime
    movements: list[MovementRow]
    card_state: str
    card_events: list[CardEvent]
    pending: str


def item_key(serial_number: str) -> str:
    """Return how an open request names an item (DUAL-5)."""
    return f"equipment:{serial_number}"


def stock(actor: User) -> list[StockLine]:
    """Return what each unit the actor may see has of each kind; four statements."""
    units = _units(actor)
    came = _counted(EquipmentMovement.objects.filter(to_unit__in=units), "to_unit")
    left = _counted(EquipmentMovement.objects.filter(from_unit__in=units), "from_unit")
    out = _counted(
        latest_movements().filter(unit__in=units, kind=MovementKind.ISSUE), "unit"
    )  # with customers, who do not give letter forms back
    return [
        StockLine(
            unit_code=unit.code,
            unit_name=unit.name,
            kind=kind.value,
            kind_label=word(kind),
            in_stock=came[unit.pk, kind.value] - left[unit.pk, kind.value],
            given_out=out[unit.pk, kind.value],
        )
        for unit in units
        for kind in EquipmentKind
    ]


def find_items(
    actor: User, *, text: str, kind: str, place: str, cursor: str, limit: int = PAGE
) -> tuple[list[ItemRow], str]:
    """Return a page of the items the actor may see, newest first, and the next; one statement."""
    rows = latest_movements().filter(unit__in=_unit_ids(actor), **_kind(kind))
    if text:
        rows = rows.filter(item__serial_number__startswith=read_serial_number(text))
    rows = rows.filter(_at(place))
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 18:
        rows = rows.filter(item__lt=int(cursor))
    found = list(_loaded(rows).order_by("-item")[: limit + 1])
    shown = found[:limit]
    return [_item_row(row) for row in shown], str(shown[-1].item_id) if len(found) > limit else ""


def find_movements(
    actor: User, *, kind: str, item_kind: str, cursor: str, limit: int = PAGE
) -> tuple[list[MovementRow], str]:
    """Return a page of the movements at the actor's unit, newest first; two statements."""
    units = _unit_ids(actor)
    rows = EquipmentMovement.objects.filter(Q(unit__in=units) | Q(from_unit__in=units))
    rows = rows.filter(**_kind(item_kind))
    if kind in list(MovementKind):
        rows = rows.filter(kind=kind)
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 18:
        rows = rows.filter(pk__lt=int(cursor))
    found = list(_loaded(rows).order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return _movement_rows(actor, shown), str(shown[-1].pk) if len(found) > limit else ""


def item_detail(actor: User, serial_number: str) -> ItemDetail:
    """Return one item the actor may see with its history. Raises ItemUnknown."""
    return _detail(actor, visible_items(actor), serial_number)


def is_seen(actor: User, serial_number: str) -> bool:
    """Tell whether the actor may see an item."""
    return visible_items(actor).filter(serial_number=serial_number).exists()


def item_now(serial_number: str) -> tuple[EquipmentItem, Place, Unit]:
    """Return an item, where it is and who answers for it, as a kind of request looks at it.

    Raises ItemUnknown.
    """
    rows = latest_movements().filter(item__serial_number=serial_number)
    last = rows.select_related("item", "unit").first()
    if last is None:
        raise ItemUnknown
    return last.item, _place(last), last.unit


def card_is_used(serial_number: str) -> bool:
    """Tell whether a certificate that has not ended is on a card."""
    cards = Card.objects.filter(serial_number=serial_number)
    return cards.filter(certificates__isnull=False).exclude(certificates__state__in=FINAL).exists()


def _units(actor: User) -> list[Unit]:
    """Return the units whose stock the actor may see: a branch's people their own."""
    if actor.unit is None:
        return []
    if actor.unit.kind == Unit.Kind.BRANCH:
        return [actor.unit]
    return list(Unit.objects.order_by("code"))


def _unit_ids(actor: User) -> QuerySet[Unit]:
    if actor.unit is not None and actor.unit.kind != Unit.Kind.BRANCH:
        return Unit.objects.all()
    return Unit.objects.filter(pk=actor.unit_id or 0)


def _kind(kind: str) -> dict[str, str]:
    return {"item__kind": kind} if kind in list(EquipmentKind) else {}


def _at(place: str) -> Q:
    ways = {
        Place.IN_STOCK: Q(to_unit__isnull=False),
        Place.GIVEN_OUT: Q(kind=MovementKind.ISSUE),
        Place.WRITTEN_OFF: Q(kind=MovementKind.WRITE_OFF),
    }
    return ways[Place(place)] if place in list(Place) else Q()


def _place(last: EquipmentMovement) -> Place:
    if last.to_unit_id is not None:
        return Place.IN_STOCK
    return Place.GIVEN_OUT if last.kind == MovementKind.ISSUE else Place.WRITTEN_OFF


def _counted(rows: QuerySet[EquipmentMovement], unit: str) -> Counter[tuple[int, str]]:
    counted = rows.order_by().values_list(unit, "item__kind").annotate(number=Count("pk"))
    return Counter({(unit_id, kind): number for unit_id, kind, number in counted})


def _loaded(rows: QuerySet[EquipmentMovement]) -> QuerySet[EquipmentMovement]:
    return rows.select_related("item", "unit", "from_unit", "to_unit", "company", "holder__company")


def _whom(row: EquipmentMovement) -> str:
    """Return who has or had an item: a person and their company, or a company."""
    company = row.company.name if row.company is not None else ""
    if row.holder is None:
        return company
    return f"{row.holder.display_name} · {company}" if company else row.holder.display_name


def _item_row(last: EquipmentMovement) -> ItemRow:
    place = _place(last)
    return ItemRow(
        serial_number=last.item.serial_number,
        kind_label=word(last.item.kind),
        place_label=place_word(place),
        tone=PLACE_TONES[place],
        unit_name=last.unit.name,
        with_whom=_whom(last) if place == Place.GIVEN_OUT else "",
        since=last.at,
    )


def _movement_rows(actor: User, rows: Iterable[EquipmentMovement]) -> list[MovementRow]:
    listed = list(rows)
    known = names(row.actor for row in listed)
    branch = actor.unit_id if actor.unit and actor.unit.kind == Unit.Kind.BRANCH else None
    return [
        MovementRow(
            serial_number=row.item.serial_number,
            item_kind_label=word(row.item.kind),
            at=row.at,
            label=movement_word(row.kind),
            tone=MOVEMENT_TONES[row.kind],
            from_unit=row.from_unit.name if row.from_unit else "",
            to_unit=row.to_unit.name if row.to_unit else "",
            # An item that was another branch's keeps its way, not that branch's customers.
            with_whom=_whom(row) if branch in (None, row.unit_id) else "",
            reference=row.reference,
            reason=row.reason if branch in (None, row.unit_id) else "",
            who=who(known.get(row.actor, row.actor)),
        )
        for row in listed
    ]


def _detail(actor: User, items: QuerySet[EquipmentItem], serial_number: str) -> ItemDetail:
    item = items.filter(serial_number=read_serial_number(serial_number)).first()
    if item is None:
        raise ItemUnknown
    rows = list(_loaded(EquipmentMovement.objects.filter(item=item)).order_by("number"))
    last = rows[-1]
    place = _place(last)
    card = Card.objects.filter(serial_number=item.serial_number).first()
    return ItemDetail(
        serial_number=item.serial_number,
        kind=item.kind,
        kind_label=word(item.kind),
        place=place,
        place_label=place_word(place),
        tone=PLACE_TONES[place],
        unit_id=last.unit_id,
        unit_name=last.unit.name,
        with_whom=_whom(last) if place == Place.GIVEN_OUT else "",
        received_at=item.received_at,
        movements=_movement_rows(actor, reversed(rows)),
        card_state=word(card.state, "certificates.card.state") if card is not None else "",
        card_events=_card_events(actor, card) if card is not None else [],
        pending=open_request_on(item_key(item.serial_number)),
    )


def _card_events(actor: User, card: Card) -> list[CardEvent]:
    """Return what happened to the certificates on a card, newest first (EQP-1)."""
    rows = CertificateEvent.objects.filter(
        Q(certificate__holder__company__in=visible_companies(actor))
        | Q(certificate__holder__unit__in=_unit_ids(actor)),
        certificate__card=card,
        certificate__purpose="SIGNING",
    )
    found = rows.select_related("certificate__holder").order_by("-pk")[:CARD_EVENTS_MOST]
    listed = list(found)
    known = names(row.actor for row in listed)
    return [
        CardEvent(
            at=row.at,
            certificate=row.certificate.serial_number or "",
            certificate_id=row.certificate_id,
            verb=row.verb,
            target=word(row.target, "certificates.certificate.state"),
            holder_name=row.certificate.holder.display_name,
            who=who(known.get(row.actor, row.actor)),
            reason=row.reason,
        )
        for row in listed
    ]
