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
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from identity import queries
from identity.errors import NotOffered
from identity.gateways import short_memory
from identity.operations.limits import limit_entries
from kernel import ids

DIGITS = 6


@dataclass(frozen=True, slots=True)
class _Number:
    """Hold a page's number: until when (ISO 8601), and whether it was said in words."""

    digits: str
    until: str
    told: bool = False

    def seconds_left(self, now: datetime) -> int:
        return int((datetime.fromisoformat(self.until) - now).total_seconds())


def draw_number(*, number_id: str, address: str, now: datetime) -> str:
    """Return a fresh number for a sign-in page, instead of the one it had (KEY-2).

    `number_id` is the page's own name for it. Raises NotOffered, TooManyTries, DoorShut.
    """
    policy = queries.sign_in_policy()
    if not policy.number_offered:
        raise NotOffered()
    limit_entries(policy=policy, address=address, now=now)
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
    until = now + timedelta(seconds=policy.keypad_seconds)
    _keep(number_id, _Number(digits, until.isoformat()), policy.keypad_seconds)
    return digits


def tell_number(*, number_id: str, now: datetime) -> str:
    """Return a page's number to be said in words, once; empty text where there is none to tell.

    The number stays as long as it would have. Raises DoorShut.
    """
    kept = _take(number_id)
    left = kept.seconds_left(now) if kept else 0
    if kept is None or left < 1:
        return ""
    _keep(number_id, replace(kept, told=True), left)
    return "" if kept.told else kept.digits


def check_number(*, number_id: str, typed: str, now: datetime) -> bool:
    """Tell whether a page's number was typed right and in time; it is used up (KEY-2).

    Full-width digits and spaces between them do no harm. Raises DoorShut.
    """
    kept = _take(number_id)
    if kept is None or kept.seconds_left(now) < 0:
        return False
    plain = "".join(unicodedata.normalize("NFKC", typed).split())
    return hmac.compare_digest(plain.encode(), kept.digits.encode())


def _keep(number_id: str, number: _Number, seconds: int) -> None:
    short_memory().put(_place(number_id), json.dumps(asdict(number)), seconds=seconds)


def _take(number_id: str) -> _Number | None:
    kept = short_memory().take(_place(number_id))
    return _Number(**json.loads(kept)) if kept else None


def _place(number_id: str) -> str:
    return f"number:{ids.digest(number_id)}"
