"""Write the log. The only writer of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from psycopg.types.json import Jsonb

from audit.errors import OutsideTransaction
from audit.models import Chain
from audit.policies import Fact, entry_hash

BANK = "bank"

# The entry and the head that moves on to it are one statement: the head is held for one round trip.
APPEND = """
WITH entry AS (
    INSERT INTO audit_entry (chain, position, at, event, outcome, actor, target, address,
        request_number, before, after, reason, previous_hash, hash)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    RETURNING chain, position, hash
)
UPDATE audit_chain SET height = entry.position, head = entry.hash
FROM entry WHERE audit_chain.name = entry.chain
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """Name where an act came from: network address and the number of the HTTP request."""

    address: str = ""
    request_number: str = ""


# Set once per HTTP request, command or task by the edge; facts about the call, never rules.
NOWHERE = Origin()
origin: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def require_transaction() -> None:
    """Insist that a step is part of a larger act, so that both happen or neither.

    Raises OutsideTransaction.
    """
    if not connection.in_atomic_block:
        raise OutsideTransaction("this step is only ever part of a transaction")


def record(
    *,
    chain: str,
    event: str,
    actor: str,
    target: str,
    now: datetime,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Append what was done to a chain, in the transaction of the act itself (AUD-1).

    `chain` is `company:<code>`, `unit:<code>` or `bank`; `before` and `after` hold JSON values
    without floats and without secrets. Called last in an act: it locks the chain's head.
    Raises OutsideTransaction.
    """
    require_transaction()
    _append(chain, event, "done", actor, target, now, before, after, reason)


@transaction.atomic(durable=True)
def record_refused(
    *,
    chain: str,
    event: str,
    actor: str,
    target: str,
    now: datetime,
    reason: str,
    after: Mapping[str, object] | None = None,
) -> None:
    """Append that an act was refused, in a transaction of its own (AUD-1)."""
    _append(chain, event, "refused", actor, target, now, None, after, reason)


def _append(
    chain: str,
    event: str,
    outcome: str,
    actor: str,
    target: str,
    now: datetime,
    before: Mapping[str, object] | None,
    after: Mapping[str, object] | None,
    reason: str,
) -> None:
    head = _lock_head(chain)
    source = origin.get()
    fact = Fact(
        chain=chain,
        position=head.height + 1,
        at=now,
        event=event,
        outcome=outcome,
        actor=actor,
        target=target,
        address=source.address,
        request_number=source.request_number,
        before=dict(before or {}),
        after=dict(after or {}),
        reason=reason,
    )
    previous = bytes(head.head)
    row: list[Any] = [
        fact.chain, fact.position, fact.at, fact.event, fact.outcome, fact.actor, fact.target,
        fact.address, fact.request_number, Jsonb(fact.before), Jsonb(fact.after), fact.reason,
        previous, entry_hash(fact, previous),
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(APPEND, row)


def _lock_head(chain: str) -> Chain:
    head = Chain.objects.select_for_update().filter(name=chain).first()
    if head is None:
        Chain.objects.bulk_create([Chain(name=chain)], ignore_conflicts=True)
        head = Chain.objects.select_for_update().get(name=chain)
    return head
