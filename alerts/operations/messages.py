"""Tell people: store finished messages with their cause, and deliver them afterwards."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.db.models import Case, F, Q, QuerySet, TextField, Value, When

from alerts import dispatch, queries
from alerts.errors import DeliveryFailed
from alerts.gateways import Gateway, Parcel, email_gateway, sms_gateway
from alerts.models import Message
from alerts.policies import delay_after, is_given_up, may_begin
from alerts.render import Channel, Recipient, Wording, render
from alerts.states import MESSAGE_VERBS, MessageState
from audit.operations import BANK, record, require_transaction
from kernel.ids import digest
from kernel.machines import sources

log = logging.getLogger(__name__)

DEFAULT_LEASE_SECONDS = 90
_WITHOUT_SECRET = Case(
    When(is_secret=True, then=Value("")), default=F("body"), output_field=TextField()
)
MOST_REPLAYED = 1000

# One statement whatever the number of readers. The constraint on (event, cause, reader, channel)
# makes a second telling of the same thing do nothing.
_INSERT = """
    INSERT INTO alerts_message (
        channel, recipient_key, company_key, address, language, subject, body, message_key,
        event, cause, state, attempts, next_attempt_at, created_at, last_error, is_secret
    )
    SELECT line.*, %(event)s, %(cause)s, %(state)s, 0, %(now)s, %(now)s, '', %(is_secret)s
    FROM unnest(
        %(channels)s::text[], %(keys)s::text[], %(companies)s::text[], %(addresses)s::text[],
        %(languages)s::text[], %(subjects)s::text[], %(bodies)s::text[], %(message_keys)s::text[]
    ) AS line
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class DeliveryResult:
    """Count what became of a batch; `left` is how many due messages are still unclaimed."""

    delivered: int
    failed: int
    dead: int
    left: int


def enqueue(
    *,
    event: str,
    cause: str,
    recipients: Sequence[Recipient],
    facts: Mapping[str, object],
    now: datetime,
    is_secret: bool = False,
) -> int:
    """Store finished messages in the transaction of their cause and wake a worker at commit.

    A step. `cause` names the act that is told about, once for ever (such as
    `request:T20261122-48213907:2:released`). Returns how many messages are new: a reader who was
    told already is not told again (ALR-2). Of a message `is_secret` the words are forgotten once
    it is delivered or given up, and nobody reads them here. Raises OutsideTransaction,
    UnknownEvent.
    """
    require_transaction()
    if not recipients:
        return 0
    # Always in the same order, so that two tellers of the same thing wait and never deadlock.
    readers = sorted(recipients, key=lambda reader: (reader.key, reader.channel))
    finished: dict[tuple[str, str], Wording] = {}
    for reader in readers:
        manner = (reader.channel, reader.language)
        if manner not in finished:
            finished[manner] = render(
                event, facts, channel=reader.channel, language=reader.language
            )
    words = [finished[(reader.channel, reader.language)] for reader in readers]
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "event": event,
                "cause": cause,
                "state": MessageState.PENDING.value,
                "now": now,
                "is_secret": is_secret,
                "channels": [str(reader.channel) for reader in readers],
                "keys": [reader.key for reader in readers],
                "companies": [reader.company_key for reader in readers],
                "addresses": [reader.address for reader in readers],
                "languages": [reader.language for reader in readers],
                "subjects": [wording.subject for wording in words],
                "bodies": [wording.body for wording in words],
                "message_keys": [_message_key(event, cause, reader) for reader in readers],
            },
        )
        made: int = cursor.rowcount
    if made:
        transaction.on_commit(dispatch.wake, robust=True)
    return made


def _message_key(event: str, cause: str, reader: Recipient) -> str:
    """Return what makes this message one and the same at every attempt, in Message-ID form.

    128 bits of the digest: a longer Message-ID would be folded, which some servers misread.
    """
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].strip(" >")
    return f"{digest(chr(0).join((event, cause, reader.key, reader.channel)))[:32]}@{domain}"


@dataclass(slots=True)
class _Round:
    """Follow one batch: who claimed it until when, and what became of it so far."""

    now: datetime
    claimed_until: datetime
    started: float = field(default_factory=time.monotonic)
    delivered: int = 0
    failed: int = 0
    dead: int = 0
    unreachable: dict[str, DeliveryFailed] = field(default_factory=dict)

    @property
    def elapsed(self) -> float:
        """Return the seconds since the messages were claimed."""
        return time.monotonic() - self.started

    @property
    def moment(self) -> datetime:
        """Return what the edge's clock would say by now."""
        return self.now + timedelta(seconds=self.elapsed)


def deliver_batch(*, now: datetime, limit: int = 50) -> DeliveryResult:
    """Deliver up to `limit` due messages and note each one as soon as it was accepted (ALR-2).

    A door that holds no transaction while it talks to the outside world: it claims rows for
    ALERTS_LEASE_SECONDS in one short transaction, and notes each outcome in another. Whoever is
    killed in between leaves its rows to be claimed again when the lease has lapsed. Calls in
    parallel never work on the same rows.
    """
    lease = timedelta(seconds=getattr(settings, "ALERTS_LEASE_SECONDS", DEFAULT_LEASE_SECONDS))
    batch = _Round(now=now, claimed_until=now + lease)
    claimed = _claim(now=now, claimed_until=batch.claimed_until, limit=limit)
    remaining = deque(claimed)
    with ExitStack() as stack:
        # Whatever interrupts the batch, others need not wait for the lease of what was not tried.
        stack.callback(_give_back, remaining, batch)
        open_gateways: dict[str, Gateway] = {}
        while remaining and may_begin(batch.elapsed, lease=lease):
            message = remaining.popleft()
            if message.channel not in open_gateways:
                gateway = stack.enter_context(closing(_gateway(message.channel)))
                open_gateways[message.channel] = gateway
            _attempt(message, open_gateways[message.channel], batch)
    left = queries.due_count(batch.moment)
    return DeliveryResult(batch.delivered, batch.failed, batch.dead, left)


def _gateway(channel: str) -> Gateway:
    return email_gateway() if channel == Channel.EMAIL else sms_gateway()


@transaction.atomic(durable=True)
def _claim(*, now: datetime, claimed_until: datetime, limit: int) -> list[Message]:
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    due = Message.objects.filter(free, state=MessageState.PENDING, next_attempt_at__lte=now)
    rows = list(due.order_by("next_attempt_at", "id").select_for_update(skip_locked=True)[:limit])
    if rows:
        Message.objects.filter(id__in=[row.id for row in rows]).update(claimed_until=claimed_until)
    return rows


def _attempt(message: Message, gateway: Gateway, batch: _Round) -> None:
    try:
        if message.channel in batch.unreachable:
            raise batch.unreachable[message.channel]
        gateway.send(
            Parcel(
                key=message.message_key,
                address=message.address,
                subject=message.subject,
                body=message.body,
                language=message.language,
            )
        )
    except DeliveryFailed as failure:
        if failure.unreachable:
            batch.unreachable[message.channel] = failure
        _note_failure(message, failure, batch)
    else:
        _note_delivery(message, batch)


def _note_delivery(message: Message, batch: _Round) -> None:
    # Whoever holds the claim by now: the other side has it, and that is the truth.
    _commit(
        lambda: Message.objects.filter(
            id=message.id, state__in=sources(MESSAGE_VERBS, "deliver")
        ).update(
            state=MESSAGE_VERBS["deliver"].target,
            delivered_at=batch.moment,
            attempts=F("attempts") + 1,
            claimed_until=None,
            last_error="",
            body=_WITHOUT_SECRET,
        )
    )
    batch.delivered += 1


def _note_failure(message: Message, failure: DeliveryFailed, batch: _Round) -> None:
    attempts = message.attempts + 1
    verb = "bury" if is_given_up(attempts, permanent=failure.permanent) else "postpone"
    noted = _commit(
        lambda: (
            _ours([message], batch)
            .filter(state__in=sources(MESSAGE_VERBS, verb))
            .update(
                state=MESSAGE_VERBS[verb].target,
                attempts=attempts,
                next_attempt_at=batch.moment + delay_after(attempts),
                claimed_until=None,
                last_error=failure.reason[:80],
                body=_WITHOUT_SECRET if verb == "bury" else F("body"),
            )
        )
    )
    if verb == "bury":
        batch.dead += noted
        log.error("message %s was given up: %s", message.id, failure.reason)
    else:
        batch.failed += noted


def _give_back(messages: Collection[Message], batch: _Round) -> None:
    if messages:
        _commit(lambda: _ours(messages, batch).update(claimed_until=None))


def _ours(messages: Collection[Message], batch: _Round) -> QuerySet[Message]:
    """Return those rows that nobody else has claimed since."""
    ids = [message.id for message in messages]
    return Message.objects.filter(id__in=ids, claimed_until=batch.claimed_until)


def _commit(update: Callable[[], int]) -> int:
    """Run one update, a second time on a new connection if the first one broke.

    The message is out already: to forget that would send it twice.
    """
    try:
        return update()
    except OperationalError:
        connection.close()
        return update()


@transaction.atomic(durable=True)
def replay_dead(
    *, actor: str, now: datetime, message_ids: Sequence[int] | None = None, reason: str = ""
) -> int:
    """Take dead letters up again, the named ones or the oldest 1,000, and wake a worker (ALR-2).

    `actor` is a user's public_id or `system`. Returns how many were taken up; ids that are not
    dead letters are passed over. Attempts are counted anew, the message keys stay.
    """
    replayable = Message.objects.filter(state__in=sources(MESSAGE_VERBS, "replay"))
    dead = replayable.exclude(is_secret=True).order_by("id")  # their words are gone
    if message_ids is not None:
        dead = dead.filter(id__in=message_ids)
    ids = list(dead.select_for_update().values_list("id", flat=True)[:MOST_REPLAYED])
    if not ids:
        return 0
    Message.objects.filter(id__in=ids).update(
        state=MESSAGE_VERBS["replay"].target,
        attempts=0,
        next_attempt_at=now,
        claimed_until=None,
        last_error="",
    )
    record(
        chain=BANK,
        event="alerts.message.replayed",
        actor=actor,
        target="alerts:dead-letters",
        now=now,
        before={"state": str(MessageState.DEAD)},
        after={"state": str(MessageState.PENDING), "count": len(ids), "messages": ids},
        reason=reason,
    )
    transaction.on_commit(dispatch.wake, robust=True)
    return len(ids)
