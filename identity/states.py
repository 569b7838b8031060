"""Which states people, companies and grants can be in, and which verbs lead where."""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb


class UserState(StrEnum):
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


USER_VERBS: Table = {
    "pause": Verb((UserState.ACTIVE,), UserState.PAUSED),
    "unlock": Verb((UserState.PAUSED,), UserState.ACTIVE),
    "suspend": Verb((UserState.ACTIVE, UserState.PAUSED), UserState.SUSPENDED),
    "restore": Verb((UserState.SUSPENDED,), UserState.ACTIVE),
    "close": Verb((UserState.ACTIVE, UserState.PAUSED, UserState.SUSPENDED), UserState.CLOSED),
}


class StandingState(StrEnum):
    """Say whether a unit, a company or a grant is in force."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


STANDING_VERBS: Table = {
    "suspend": Verb((StandingState.ACTIVE,), StandingState.SUSPENDED),
    "restore": Verb((StandingState.SUSPENDED,), StandingState.ACTIVE),
    "close": Verb((StandingState.ACTIVE, StandingState.SUSPENDED), StandingState.CLOSED),
}
