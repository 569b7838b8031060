"""The graphic one-time number: six digits in a picture, typed along with a sign-in (KEY-2).

It is no secret between the bank and a person: it keeps programs that fill in forms away, and
whoever cannot read the picture is told the digits as words. So it opens nothing by itself, and a
wrong one costs nothing but another number.
"""

from __future__ import annotations

import hmac
import json
import secrets
import unicodedata
from datetime import datetime

from identity import queries
from identity.errors import NotOffered
from identity.gateways import short_memory
from identity.operations.keypad import limit_entries
from kernel import ids

DIGITS = 6


def draw_number(*, number_id: str, address: str, now: datetime) -> str:
    """Return a fresh number for a sign-in page, instead of the one it had (KEY-2).

    `number_id` is the page's own name for it. Raises NotOffered, TooManyEntries, DoorShut.
    """
    policy = queries.sign_in_policy()
    if not policy.number_offered:
        raise NotOffered()
    limit_entries(address, policy)
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    until = now.timestamp() + policy.keypad_seconds
    _keep(number_id, {"digits": digits, "until": until, "told": False}, policy.keypad_seconds)
    return digits


def tell_number(*, number_id: str, now: datetime) -> str:
    """Return a page's number to be said in words, once; empty text where there is none to tell.

    The number stays as long as it would have. Raises DoorShut.
    """
    kept = _take(number_id)
    left = int(kept["until"] - now.timestamp()) if kept else 0
    if not kept or left < 1:
        return ""
    _keep(number_id, kept | {"told": True}, left)
    return "" if kept["told"] else str(kept["digits"])


def check_number(*, number_id: str, typed: str, now: datetime) -> bool:
    """Tell whether a page's number was typed right and in time; it is used up (KEY-2).

    Full-width digits and spaces between them do no harm. Raises DoorShut.
    """
    kept = _take(number_id)
    if not kept or now.timestamp() > kept["until"]:
        return False
    plain = "".join(unicodedata.normalize("NFKC", typed).split())
    return hmac.compare_digest(plain.encode(), str(kept["digits"]).encode())


def _keep(number_id: str, value: dict[str, object], seconds: int) -> None:
    short_memory().put(_place(number_id), json.dumps(value), seconds=seconds)


def _take(number_id: str) -> dict[str, object] | None:
    kept = short_memory().take(_place(number_id))
    return json.loads(kept) if kept else None


def _place(number_id: str) -> str:
    return f"number:{ids.digest(number_id)}"
