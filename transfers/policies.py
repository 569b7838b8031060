"""Do limits and dates allow it? Pure functions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

# The name of the one kind of request this room brings.
KIND = "transfers.transfer"


@dataclass(frozen=True, slots=True)
class Caps:
    """Hold the company's caps in force for one currency; the lowest of the branch's and its own."""

    per_transaction: Decimal
    per_day: Decimal


@dataclass(frozen=True, slots=True)
class DayUse:
    """Tell what of a day's limit is reserved by pending requests and used by released ones."""

    reserved: Decimal
    used: Decimal


def lowest(limits: Iterable[Caps]) -> Caps | None:
    """Return the caps that bind: the lower of each, or None where no limit is set (LIM-4)."""
    found = list(limits)
    if not found:
        return None
    return Caps(min(c.per_transaction for c in found), min(c.per_day for c in found))


def binding_limit(amount: Decimal, caps: Caps | None, use: DayUse) -> str:
    """Return the name of the limit an amount breaks, or empty text (LIM-1, LIM-2)."""
    if caps is None:
        return "none"
    if amount > caps.per_transaction:
        return "per_transaction"
    if use.reserved + use.used + amount > caps.per_day:
        return "per_day"
    return ""


def left_today(caps: Caps, use: DayUse) -> Decimal:
    """Return what is left of the day's limit, never below zero."""
    return max(Decimal(0), caps.per_day - use.reserved - use.used)


def executable_on(value_date: date, today: date) -> bool:
    """Tell whether a transfer of this date can still be executed: on its day."""
    return value_date == today


def same_name(typed: str, owner: str) -> bool:
    """Tell whether the name typed is the owner's, however wide or spaced its characters are."""

    def folded(name: str) -> str:
        return "".join(unicodedata.normalize("NFKC", name).casefold().split())

    return folded(typed) == folded(owner)


def masked_account(number: str) -> str:
    """Return an account number with all but the last four digits masked (ALR-3)."""
    return "*" * (len(number) - 4) + number[-4:]


def grouped_account(number: str) -> str:
    """Return an account number in groups of four for reading."""
    return " ".join(number[start : start + 4] for start in range(0, len(number), 4))
