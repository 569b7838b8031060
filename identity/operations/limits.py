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
    over = [memory.hit(key, seconds=seconds) > most for key, most in counts]
    if any(over):
        raise TooManyTries(minutes=policy.limit_minutes)


@transaction.atomic(durable=True)
def record_turned_away(
    *, error: DomainError, now: datetime, event: str = "identity.session.opened.refused"
) -> None:
    """Write down a try that was turned away before anything was looked up (AUTH-8).

    Names nobody: whether the name that was typed exists has not been asked.
    """
    audit.record(
        chain=audit.BANK, event=event, actor="unknown",
        target="user:unknown", now=now, reason=error.code,
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
