"""What fees, equipment and requisitions are called on their pages, and their tone."""

from __future__ import annotations

from collections.abc import Mapping

from branch_ops.render import word

FEE_STATE_TONES: Mapping[str, str] = {
    "DUE": "warn",
    "PAID": "good",
    "WAIVED": "neutral",
    "REFUNDED": "neutral",
}
REQUISITION_TONES: Mapping[str, str] = {
    "OPEN": "info",
    "FULFILLED": "good",
    "DECLINED": "bad",
    "WITHDRAWN": "neutral",
}
MOVEMENT_TONES: Mapping[str, str] = {
    "RECEIPT": "info",
    "REQUISITION": "info",
    "ISSUE": "good",
    "RETURN": "neutral",
    "WRITE_OFF": "bad",
}
PLACE_TONES: Mapping[str, str] = {"IN_STOCK": "info", "GIVEN_OUT": "good", "WRITTEN_OFF": "neutral"}


def requisition_state(state: str) -> str:
    """Return what a requisition's state is called."""
    return word(state, "branch_ops.equipmentrequisition.state")


def movement_word(kind: str) -> str:
    """Return what a movement is called."""
    return word(kind, "branch_ops.equipmentmovement.kind")


def place_word(place: str) -> str:
    """Return where an item is, in words."""
    return word(place, "equipment.place")
