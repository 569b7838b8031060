"""Which states a message can be in, and which verbs lead where."""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb


class MessageState(StrEnum):
    """Say whether a message is still to go out, was accepted, or was given up."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    DEAD = "DEAD"


MESSAGE_VERBS: Table = {
    "deliver": Verb((MessageState.PENDING,), MessageState.DELIVERED),
    "postpone": Verb((MessageState.PENDING,), MessageState.PENDING),
    "bury": Verb((MessageState.PENDING,), MessageState.DEAD),
    "replay": Verb((MessageState.DEAD,), MessageState.PENDING),
}
