"""Which states accounts and holds can be in, and which verbs lead where."""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb


class AccountState(StrEnum):
    OPEN = "OPEN"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


# A frozen account is unfrozen before it is closed: what froze it (a court, the bank) comes first.
ACCOUNT_VERBS: Table = {
    "freeze": Verb((AccountState.OPEN,), AccountState.FROZEN),
    "unfreeze": Verb((AccountState.FROZEN,), AccountState.OPEN),
    "close": Verb((AccountState.OPEN,), AccountState.CLOSED),
}


class HoldState(StrEnum):
    HELD = "HELD"
    CONSUMED = "CONSUMED"
    RELEASED = "RELEASED"


HOLD_VERBS: Table = {
    "consume": Verb((HoldState.HELD,), HoldState.CONSUMED),
    "release": Verb((HoldState.HELD,), HoldState.RELEASED),
}
