"""The on-screen keypad: keys in random order, each with a code that is worth something once.

Whoever watches the keyboard or the form's fields sees codes of one sign-in and no password; the
map stays with the servers, in their shared short memory (KEY-1).
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from identity import queries
from identity.errors import DoorShut, NotOffered
from identity.gateways import short_memory
from identity.operations.limits import (
    limit_entries,
    record_refused_entry,
    record_turned_away,
)
from kernel import ids

CODE_OCTETS = 8
MOST_SIGNS = 128  # as long as a password may be
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class Key:
    """Name one sign of the keypad and the code that stands for it in this deal."""

    sign: str
    code: str


@dataclass(frozen=True, slots=True)
class Deal:
    """Carry one keypad: its keys in the order they lie; `seconds` is how long it can be used.

    A letter's two keys lie on the same place, which of them is shown is up to the shift key.
    """

    id: str
    seconds: int
    digits: Sequence[Key]
    letters: Sequence[tuple[Key, Key]]
    signs: Sequence[Key]


def deal(*, address: str, now: datetime) -> Deal:
    """Lay out a keypad for somebody at this network address and remember its map (KEY-1).

    Raises NotOffered where the bank does not offer it, TooManyTries above the policy's figure of
    one address, DoorShut where the memory does not answer.
    """
    policy = queries.sign_in_policy()
    if not policy.keypad_offered:
        raise NotOffered()
    limit_entries(policy=policy, address=address, now=now)
    codes = _codes(string.digits + string.ascii_letters + string.punctuation)
    made = ids.token(16)
    kept = {"at": now.isoformat(), "signs": {key.code: key.sign for key in codes.values()}}
    short_memory().put(_place(made), json.dumps(kept), seconds=policy.keypad_seconds)
    letters = [(codes[letter], codes[letter.upper()]) for letter in string.ascii_lowercase]
    return Deal(
        id=made,
        seconds=policy.keypad_seconds,
        digits=_shuffled(codes[sign] for sign in string.digits),
        letters=_shuffled(letters),
        signs=_shuffled(codes[sign] for sign in string.punctuation),
    )


def read(*, deal_id: str, codes: Sequence[str], now: datetime) -> str | None:
    """Return what was entered on a keypad, once; None whatever is wrong with it (KEY-1).

    Refused are a keypad that is unknown, used, too old, or no longer offered, a code it does not
    have, and an entry in less time than a person needs: both moments are the servers' own.
    Raises DoorShut.
    """
    policy = queries.sign_in_policy()
    kept = short_memory().take(_place(deal_id))
    if kept is None or not policy.keypad_offered or not 0 < len(codes) <= MOST_SIGNS:
        return None
    dealt = json.loads(kept)
    passed = now - datetime.fromisoformat(dealt["at"])
    fastest = timedelta(milliseconds=policy.keypad_sign_milliseconds) * len(codes)
    if not fastest <= passed <= timedelta(seconds=policy.keypad_seconds):
        return None
    entered = [dealt["signs"].get(code) for code in codes]
    return None if None in entered else "".join(entered)


def refuse_entry(*, why: str, address: str, now: datetime) -> None:
    """Write down and count that a sign-in was refused before its password was looked at (AUTH-8).

    `why` is `keypad` or `number`. It counts as no wrong password: nothing was compared. It counts
    for its network address. Raises TooManyTries above the policy's figure, of which the first of a
    window is written down, DoorShut (AUTH-10).
    """
    try:
        limit_entries(policy=queries.sign_in_policy(), address=address, now=now)
    except DoorShut as error:
        record_turned_away(error=error, now=now)
        raise
    record_refused_entry(why=why, now=now)


def _codes(signs: str) -> dict[str, Key]:
    """Return a key for each sign; of 64 random bits, and no two the same."""
    found: dict[str, Key] = {}
    used: set[str] = set()
    for sign in signs:
        code = ids.token(CODE_OCTETS)
        while code in used:
            code = ids.token(CODE_OCTETS)
        used.add(code)
        found[sign] = Key(sign, code)
    return found


def _shuffled(things: Iterable[_Thing]) -> list[_Thing]:
    mixed = list(things)
    secrets.SystemRandom().shuffle(mixed)
    return mixed


def _place(deal_id: str) -> str:
    return f"keypad:{ids.digest(deal_id)}"
