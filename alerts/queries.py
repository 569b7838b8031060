"""What was told to whom, what is still waiting, and what was given up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from alerts.models import Message
from alerts.states import MessageState

MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Notice:
    """Show one message to its reader (ALR-3) and how far its delivery came (ALR-4)."""

    id: int
    at: datetime
    event: str
    channel: str
    subject: str
    body: str
    state: str
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Name a message that was given up, without its text and its address."""

    id: int
    created_at: datetime
    event: str
    cause: str
    channel: str
    recipient_key: str
    attempts: int
    last_error: str


@dataclass(frozen=True, slots=True)
class Counts:
    """Tell how many messages wait and how many were given up, each counted up to 10,000."""

    pending: int
    dead: int


def oldest_pending_age(now: datetime) -> timedelta:
    """Return how long the oldest due message has been free to take; zero when none is.

    A message that waits out its back-off is not due, and one that a worker holds is not free. So
    this judges a worker's life: it may be up and yet consume nothing.
    """
    oldest: datetime | None = _free(now).aggregate(
        oldest=Min(Greatest("next_attempt_at", Coalesce("claimed_until", "next_attempt_at")))
    )["oldest"]
    return now - oldest if oldest else timedelta(0)


def due_count(now: datetime, *, limit: int = MOST_COUNTED) -> int:
    """Return how many due messages nobody has claimed, counted up to `limit`."""
    return _free(now).order_by("next_attempt_at", "id")[:limit].count()


def _free(now: datetime) -> QuerySet[Message]:
    unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return Message.objects.filter(unclaimed, state=MessageState.PENDING, next_attempt_at__lte=now)


def counts() -> Counts:
    """Return the sizes of the outbox for metrics and for the operator's page."""
    pending = Message.objects.filter(state=MessageState.PENDING)[:MOST_COUNTED].count()
    dead = Message.objects.filter(state=MessageState.DEAD)[:MOST_COUNTED].count()
    return Counts(pending=pending, dead=dead)


def messages_for(
    recipient_key: str, *, channel: str = "", before_id: int | None = None, limit: int = 50
) -> list[Notice]:
    """Return one reader's messages, newest first; `before_id` continues a page (ALR-3).

    Secret ones are left out: a code is worth something only on the phone it was sent to.
    """
    rows = Message.objects.filter(recipient_key=recipient_key, is_secret=False)
    if channel:
        rows = rows.filter(channel=channel)
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return [
        Notice(
            id=row.id,
            at=row.created_at,
            event=row.event,
            channel=row.channel,
            subject=row.subject,
            body=row.body,
            state=row.state,
            delivered_at=row.delivered_at,
        )
        for row in rows.order_by("-id")[:limit]
    ]


def dead_letters(*, limit: int = 50) -> list[DeadLetter]:
    """Return the messages that were given up, oldest first (ALR-2)."""
    rows = Message.objects.filter(state=MessageState.DEAD).order_by("id")[:limit]
    return [
        DeadLetter(
            id=row.id,
            created_at=row.created_at,
            event=row.event,
            cause=row.cause,
            channel=row.channel,
            recipient_key=row.recipient_key,
            attempts=row.attempts,
            last_error=row.last_error,
        )
        for row in rows
    ]
