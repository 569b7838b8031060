"""How an entry is hashed, and whether a run of entries is a whole chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from kernel.canonical import canonical_bytes


@dataclass(frozen=True, slots=True)
class Fact:
    """Carry everything an entry's hash covers. `at` is aware; JSON values hold no floats."""

    chain: str
    position: int
    at: datetime
    event: str
    outcome: str
    actor: str
    target: str
    address: str
    request_number: str
    before: dict[str, object]
    after: dict[str, object]
    reason: str


@dataclass(frozen=True, slots=True)
class Link:
    """Pair a fact with the two hashes stored beside it (32 bytes each)."""

    fact: Fact
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """Carry where an entry stands in its chain, with the two hashes beside it (32 bytes each)."""

    chain: str
    position: int
    previous_hash: bytes
    hash: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """Name the first place where a chain does not hold, and how."""

    chain: str
    position: int
    what: str


def canonical_fact(fact: Fact) -> bytes:
    """Return the canonical JSON (RFC 8785) of a fact: what an entry's hash covers."""
    return canonical_bytes(
        {
            "chain": fact.chain,
            "position": fact.position,
            "at": fact.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "event": fact.event,
            "outcome": fact.outcome,
            "actor": fact.actor,
            "target": fact.target,
            "address": fact.address,
            "request_number": fact.request_number,
            "before": fact.before,
            "after": fact.after,
            "reason": fact.reason,
        }
    )


def entry_hash(fact: Fact, previous_hash: bytes) -> bytes:
    """Return the SHA-256 over the previous hash and the fact's canonical JSON (AUD-1)."""
    return hashlib.sha256(previous_hash + canonical_fact(fact)).digest()


def slice_line(place: Place, fact: Fact | None) -> bytes:
    """Return one line of a slice, canonical JSON: an entry's place and hashes, and what it says.

    Without `fact` only the place is shown: the entry speaks of something else. With it, anyone can
    hash the member `fact` again, after the 32 bytes of `previous_hash`.
    """
    members = {
        "chain": place.chain,
        "position": place.position,
        "previous_hash": place.previous_hash.hex(),
        "hash": place.hash.hex(),
    }
    if fact is not None:
        return canonical_bytes({**members, "fact": json.loads(canonical_fact(fact))}) + b"\n"
    return canonical_bytes(members) + b"\n"


def first_break(chain: str, links: Iterable[Link], *, height: int, head: bytes) -> Break | None:
    """Return where a chain read in order first fails, or None when it is whole.

    Finds a changed, missing, reordered or cut-off row: each link must continue the one before,
    and the last must be the one the head names.
    """
    previous, position = bytes(32), 0
    for link in links:
        position += 1
        if link.fact.position != position:
            return Break(chain, position, "missing")
        if link.previous_hash != previous:
            return Break(chain, position, "reordered")
        if entry_hash(link.fact, previous) != link.hash:
            return Break(chain, position, "changed")
        previous = link.hash
    if position != height or previous != head:
        return Break(chain, position + 1, "cut off")
    return None
