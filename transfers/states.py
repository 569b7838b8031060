"""Which states a limit's reservation can be in. An order's state is its request's."""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb


class ReservationState(StrEnum):
    RESERVED = "RESERVED"
    CONSUMED = "CONSUMED"
    FREED = "FREED"


RESERVATION_VERBS: Table = {
    "consume": Verb((ReservationState.RESERVED,), ReservationState.CONSUMED),
    "free": Verb((ReservationState.RESERVED,), ReservationState.FREED),
}
