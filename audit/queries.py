"""What happened, and is the log whole?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Min

from audit.models import Chain, Entry
from audit.policies import Break, Fact, Link, Place, first_break, slice_line


@dataclass(frozen=True, slots=True)
class Happening:
    """Show one entry on a history page."""

    at: datetime
    event: str
    outcome: str
    actor: str
    before: dict[str, object]
    after: dict[str, object]
    reason: str
    chain: str
    position: int


@dataclass(frozen=True, slots=True)
class ChainState:
    """Tell how long a chain is and where it breaks, if it does."""

    name: str
    height: int
    broken: Break | None


def history(target: str) -> list[Happening]:
    """Return what was done to a target (such as `request:T20261122-48213907`), oldest first.

    Refused attempts are not part of it: they stand in the log for the auditor.
    """
    rows = Entry.objects.filter(target=target, outcome="done").order_by("id")
    return [
        Happening(
            at=row.at,
            event=row.event,
            outcome=row.outcome,
            actor=row.actor,
            before=row.before,
            after=row.after,
            reason=row.reason,
            chain=row.chain,
            position=row.position,
        )
        for row in rows
    ]


def audit_slice(target: str) -> bytes:
    """Return the part of the log that tells what was done to a target, as JSON lines (SIGN-4).

    Per chain everything from the first entry about the target to the last: those about it in full,
    those between them by place and hashes alone, since they are other people's business.
    """
    told = Entry.objects.filter(target=target, outcome="done")
    ends = told.values("chain").annotate(first=Min("position"), last=Max("position"))
    return b"".join(
        _slice_lines(row["chain"], row["first"], row["last"], target)
        for row in ends.order_by("chain")
    )


def _slice_lines(chain: str, first: int, last: int, target: str) -> bytes:
    between = Entry.objects.filter(chain=chain, position__range=(first, last))
    facts = {row.position: _fact(row) for row in between.filter(target=target, outcome="done")}
    places = between.order_by("position").values_list("position", "previous_hash", "hash")
    return b"".join(
        slice_line(Place(chain, position, bytes(previous), bytes(own)), facts.get(position))
        for position, previous, own in places.iterator(chunk_size=2000)
    )


def _links(chain: str) -> Iterator[Link]:
    for row in Entry.objects.filter(chain=chain).order_by("position").iterator(chunk_size=2000):
        yield Link(_fact(row), bytes(row.previous_hash), bytes(row.hash))


def _fact(row: Entry) -> Fact:
    return Fact(
        chain=row.chain,
        position=row.position,
        at=row.at,
        event=row.event,
        outcome=row.outcome,
        actor=row.actor,
        target=row.target,
        address=row.address,
        request_number=row.request_number,
        before=row.before,
        after=row.after,
        reason=row.reason,
    )


def chain_states() -> Iterator[ChainState]:
    """Verify every chain from its first entry to its head and tell what was found (AUD-1).

    A chain whose head row was taken away is found by its entries.
    """
    heads = {row.name: row for row in Chain.objects.order_by("name")}
    names = set(heads) | set(Entry.objects.values_list("chain", flat=True).distinct())
    for name in sorted(names):
        head = heads.get(name)
        height = head.height if head else 0
        digest = bytes(head.head) if head else bytes(32)
        yield ChainState(name, height, first_break(name, _links(name), height=height, head=digest))
