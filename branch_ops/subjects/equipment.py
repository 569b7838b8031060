"""What two people decide about equipment: to write an item off (EQP-1, DUAL-6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Line
from approvals.subjects import ChangeKind
from branch_ops.errors import ItemNotFit, ItemUnknown
from branch_ops.operations import write_off_step
from branch_ops.queries.stock_pages import ItemDetail, card_is_used, item_now
from branch_ops.render import word
from branch_ops.render.stock import place_word
from branch_ops.states import EquipmentKind, Place
from identity.models import User


def write_off_content(item: ItemDetail, *, reason: str) -> dict[str, str]:
    """Return what is proposed about an item as the text values that are frozen and signed."""
    return {
        "serial_number": item.serial_number,
        "kind": item.kind,
        "unit": item.unit_name,
        "with_whom": item.with_whom,
        "was_place": item.place.value,
        "place": Place.WRITTEN_OFF.value,
        "reason": reason,
    }


class WriteOffKind(ChangeKind):
    """Bring the writing off of one item, for good."""

    code = "equipment.write_off"
    letter = "E"
    name = gettext_lazy("Writing off equipment")

    def title(self, content: Mapping[str, str]) -> str:
        """Return which item it is."""
        return f"{word(content['kind'])} {content['serial_number']}"

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return the item, where it is, and why it goes."""
        return [
            Line(_("Item"), word(content["kind"])),
            Line(_("Item number"), content["serial_number"], emphasis=True),
            Line(_("Unit"), content["unit"]),
            Line(_("Given to"), content["with_whom"]),
            Line(_("Place"), place_word(content["place"]), before=place_word(content["was_place"])),
            Line(_("Reason"), content["reason"]),
        ]

    def unit_of(self, content: Mapping[str, str]) -> int | None:
        """Return the unit that answers for the item."""
        try:
            return item_now(content["serial_number"])[2].pk
        except ItemUnknown:
            return None

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise ItemNotFit where the item moved since, or its card carries a certificate."""
        try:
            item, place, unit = item_now(content["serial_number"])
        except ItemUnknown:
            raise ItemNotFit(in_use=False) from None
        if place == Place.WRITTEN_OFF or unit.name != content["unit"]:
            raise ItemNotFit(in_use=False)
        if item.kind == EquipmentKind.CARD and card_is_used(item.serial_number):
            raise ItemNotFit(in_use=True)

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Write the item off, and end a card with it."""
        write_off_step(
            serial_number=content["serial_number"], reference=reference,
            reason=content["reason"], actor=checker, now=now,
        )  # fmt: skip

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return that it never comes back."""
        return [_("The item leaves the books for good; its history stays.")]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what has happened."""
        return _("The item is written off.")

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the reason."""
        return reverse("equipment:edit", args=[reference])
