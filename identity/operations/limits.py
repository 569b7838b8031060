"""Bound how often the door is tried, the same for every server (AUTH-10)."""

from __future__ import annotations

from datetime import datetime
from ipaddress import IPv6Address, ip_address, ip_network

from django.db import transaction

from audit import operations as audit
from identity.errors import TooManyTries
from identity.gateways import short_memory
from identity.models import SignInPolicy
from kernel import ids
from kernel.errors import DomainError

# One customer is given a whole IPv6 network of this size: more addresses than could be counted.
_ONE_LINE = 64


def count_try(*, policy: SignInPolicy, account: tuple[str, ...], address: str) -> None:
    """Count one try from an address and for an account, before anything is looked up.

    `account` is what was typed, known or not: site, company code, login name. The counters know
    neither names nor addresses, only their SHA-256. Raises TooManyTries over the bank's figures,
    the same for everybody; DoorShut where the counters do not answer.
    """
    seconds = policy.limit_minutes * 60
    counts = (
        (f"address:{ids.digest(line_of(address))}", policy.address_limit),
        (f"account:{ids.digest(_folded(account))}", policy.account_limit),
    )
    memory = short_memory()
    # Both are counted, whichever is full: each says the truth about its own.
    over = [memory.hit(key, seconds=seconds) - most for key, most in counts]
    if max(over) > 0:
        raise TooManyTries(minutes=policy.limit_minutes, is_first=1 in over)


def limit_entries(*, policy: SignInPolicy, address: str, now: datetime) -> None:
    """Count what one network address asks for at the door besides signing in.

    Raises TooManyTries, the first of which is written down; DoorShut (AUTH-8, AUTH-10).
    """
    place = f"entry:{ids.digest(line_of(address))}"
    over = short_memory().hit(place, seconds=policy.limit_minutes * 60) - policy.address_limit
    if over > 0:
        error = TooManyTries(minutes=policy.limit_minutes, is_first=over == 1)
        record_turned_away(error=error, now=now)
        raise error


def record_turned_away(
    *, error: DomainError, now: datetime, event: str = "identity.session.opened.refused"
) -> None:
    """Write down a try that was turned away before anything was looked up (AUTH-8).

    Names nobody: whether the name that was typed exists has not been asked. Of those above a figure
    the first of a window is written down and the rest are counted alone: the log has one end, and
    who floods the door must not make everybody wait for it.
    """
    if not isinstance(error, TooManyTries) or error.is_first:
        _record_nobody(event, error.code, now)


def record_refused_entry(*, why: str, now: datetime) -> None:
    """Write down that a sign-in was refused before its password was looked at (AUTH-8)."""
    _record_nobody("identity.session.opened.refused", why, now)


@transaction.atomic(durable=True)
def _record_nobody(event: str, reason: str, now: datetime) -> None:
    audit.record(
        chain=audit.BANK, event=event, actor="unknown",
        target="user:unknown", now=now, reason=reason,
    )  # fmt: skip


def line_of(address: str) -> str:
    """Return what is counted as one address: an IPv4 address, an IPv6 network of 64 bits."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(ip_network((found, _ONE_LINE), strict=False))
    return str(getattr(found, "ipv4_mapped", None) or found)


def _folded(account: tuple[str, ...]) -> str:
    return "\n".join(part.strip().casefold() for part in account)
