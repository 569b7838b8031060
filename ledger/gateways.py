"""The port to the core host: whoever keeps the accounts, by default the embedded ledger (TRF-3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from kernel.money import Money


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """Describe one account; amounts are in its own currency, available = balance - held.

    The bank's own accounts have no company: `company_id` is None and `company_name` empty.
    """

    id: int
    number: str
    name: str
    company_id: int | None
    company_name: str
    currency: str
    kind: str
    state: str
    balance: Decimal
    held: Decimal
    available: Decimal


@dataclass(frozen=True, slots=True)
class LegLine:
    """Name one side of a posting: + credits the account, - debits it, in the account's currency."""

    account_id: int
    amount: Decimal
    currency: str


class CoreHost(Protocol):
    """Keep accounts, holds and postings; each call joins the caller's transaction where it can."""

    def account(self, number: str) -> AccountFacts | None:
        """Return the account with this number, or None."""

    def place_hold(self, *, account_id: int, money: Money, key: str, now: datetime) -> None:
        """Reserve available funds under a key."""

    def release_hold(self, *, key: str, now: datetime) -> None:
        """Free what was reserved under a key."""

    def post(
        self,
        *,
        reference: str,
        kind: str,
        value_date: date,
        narrative: str,
        legs: Sequence[LegLine],
        hold_key: str | None,
        now: datetime,
    ) -> int:
        """Post a double entry exactly once per reference; return its number."""

    def reverse(
        self, *, reference: str, of_reference: str, narrative: str, value_date: date, now: datetime
    ) -> int:
        """Post the opposite of an earlier posting, at most once; return its number."""


@dataclass(slots=True)
class RecordingCoreHost:
    """Stand in for a core host: answer from `accounts` and keep every call with its arguments."""

    accounts: dict[str, AccountFacts] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def account(self, number: str) -> AccountFacts | None:
        """Return the account given under this number, or None."""
        return self.accounts.get(number)

    def place_hold(self, **arguments: object) -> None:
        """Keep the call."""
        self.calls.append(("place_hold", arguments))

    def release_hold(self, **arguments: object) -> None:
        """Keep the call."""
        self.calls.append(("release_hold", arguments))

    def post(self, **arguments: object) -> int:
        """Keep the call; return how many calls there were."""
        self.calls.append(("post", arguments))
        return len(self.calls)

    def reverse(self, **arguments: object) -> int:
        """Keep the call; return how many calls there were."""
        self.calls.append(("reverse", arguments))
        return len(self.calls)


EMBEDDED = "embedded"
_hosts: dict[str, CoreHost] = {}


def register(name: str, host: CoreHost) -> None:
    """Offer a core host under a name that settings.CORE_HOST can choose."""
    _hosts[name] = host


def core_host() -> CoreHost:
    """Return the core host settings.CORE_HOST names. Raises ImproperlyConfigured."""
    name = getattr(settings, "CORE_HOST", EMBEDDED)
    if name not in _hosts:
        raise ImproperlyConfigured(f"CORE_HOST names no registered core host: {name}")
    return _hosts[name]
