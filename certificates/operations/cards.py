"""A card's own life, beside that of the certificates on it (EQP-1)."""

from __future__ import annotations

from datetime import datetime

from audit import operations as audit
from certificates.errors import (
    CardInUse,
    CardKnown,
    CardStateChanged,
    CardUnknown,
    HolderUnknown,
)
from certificates.models import Card
from certificates.operations.history import name_of
from certificates.states import CARD_VERBS, FINAL, CardState
from identity.models import Unit, User
from identity.operations import home_chain
from kernel.machines import sources


def receive_card_step(*, serial_number: str, unit_id: int, now: datetime) -> Card:
    """Take a new card of plastic into the stock of a unit; a step. Raises CardKnown."""
    audit.require_transaction()
    if Card.objects.filter(serial_number=serial_number).exists():
        raise CardKnown
    card = Card(
        kind=Card.Kind.HARDWARE, serial_number=serial_number, unit_id=unit_id, created_at=now
    )
    card.save(force_insert=True)
    _record(card, "certificates.card.received", None, now)
    return card


def move_card_step(*, serial_number: str, unit_id: int, actor: User | None, now: datetime) -> Card:
    """Move a card from the stock of one unit to another's; a step. Raises CardStateChanged."""
    card = _lock(serial_number, None)
    if card.state != CardState.IN_STOCK:
        raise CardStateChanged(card.state)
    card.unit_id = unit_id
    card.save()
    _record(card, "certificates.card.moved", actor, now)
    return card


def assign_card_step(
    *, serial_number: str, holder_id: int, actor: User | None, now: datetime
) -> Card:
    """Give a card from the actor's stock to its holder; a step.

    Raises CardUnknown for a card in another unit's stock, CardStateChanged, HolderUnknown.
    """
    card = _lock(serial_number, actor)
    if not User.objects.filter(pk=holder_id).exists():
        raise HolderUnknown
    card.holder_id = holder_id
    _move(card, "assign")
    _record(card, "certificates.card.assigned", actor, now)
    return card


def return_card_step(*, serial_number: str, actor: User | None, now: datetime) -> Card:
    """Take a card back from its holder; a step.

    One that was never used goes back to stock; on one that was, every certificate must have
    ended, and it ends too. Raises CardUnknown, CardStateChanged, CardInUse.
    """
    card = _lock(serial_number, None)
    _check_unused(card)
    used = card.certificates.filter(der__isnull=False).exists()
    if card.state == CardState.ASSIGNED and not used:
        card.holder = None
        _move(card, "return")
    elif card.state != CardState.TERMINATED:
        _move(card, "terminate")
    _record(card, "certificates.card.returned", actor, now)
    return card


def write_off_card_step(
    *, serial_number: str, actor: User | None, now: datetime, reason: str
) -> Card:
    """Write a damaged card off; a step. Raises CardUnknown, CardStateChanged, CardInUse."""
    card = _lock(serial_number, None)
    _check_unused(card)
    _move(card, "report_damaged")
    _record(card, "certificates.card.written_off", actor, now, reason)
    return card


def report_lost_step(*, card_id: int, actor: User | None, now: datetime, reason: str) -> Card:
    """Write a card off as lost for good; a step. What happens to its certificates is apart.

    Raises CardStateChanged.
    """
    audit.require_transaction()
    card = Card.objects.select_for_update().filter(pk=card_id).first()
    if card is None:
        raise CardUnknown
    _move(card, "report_lost")
    _record(card, "certificates.card.reported_lost", actor, now, reason)
    return card


def _lock(serial_number: str, actor: User | None) -> Card:
    """Lock a card by its number; with an actor of a branch only one in their own stock."""
    audit.require_transaction()
    cards = Card.objects.select_for_update().filter(serial_number=serial_number)
    if actor is not None and actor.unit is not None and actor.unit.kind == Unit.Kind.BRANCH:
        cards = cards.filter(unit=actor.unit)
    card = cards.first()
    if card is None:
        raise CardUnknown
    return card


def _check_unused(card: Card) -> None:
    if card.certificates.exclude(state__in=FINAL).exists():
        raise CardInUse


def _move(card: Card, verb: str) -> None:
    if card.state not in sources(CARD_VERBS, verb):
        raise CardStateChanged(card.state)
    getattr(card, "return_" if verb == "return" else verb)()
    card.save()


def _record(card: Card, event: str, actor: User | None, now: datetime, reason: str = "") -> None:
    """Write down what happened to a card: with its holder's home, or in the stock's unit."""
    holder = card.holder
    chain = home_chain(holder) if holder is not None else f"unit:{_unit_code(card)}"
    audit.record(
        chain=chain, event=event, actor=name_of(actor),
        target=f"card:{card.serial_number or card.pk}", now=now, reason=reason,
        after={
            "state": str(card.state),
            "unit": _unit_code(card),
            "holder": holder.public_id if holder is not None else "",
        },
    )  # fmt: skip


def _unit_code(card: Card) -> str:
    return card.unit.code if card.unit is not None else ""
