"""What was told to whom and what still waits; what everybody reads at the door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from alerts.errors import PublicationGone
from alerts.formats import MediaType
from alerts.models import Bulletin, ContactLine, Message, Publication
from alerts.states import MessageState
from kernel.clock import business_date

MOST_COUNTED = 10_000
MOST_NEWS = 100


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


@dataclass(frozen=True, slots=True)
class News:
    """Show one piece of news at the door; `file` is the SHA-256 of the file it leads to, or ''."""

    id: int
    date: date
    title: str
    text: str
    is_pinned: bool
    file: str


@dataclass(frozen=True, slots=True)
class Download:
    """Show one file that is handed out at the door; `size` is in bytes."""

    sha256: str
    kind: str
    title: str
    ending: str
    size: int


@dataclass(frozen=True, slots=True)
class Contact:
    """Show one line of how to reach the bank."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class File:
    """Carry a file that is handed out."""

    name: str
    media_type: str
    content: bytes


def sign_in_notices(language: str, *, now: datetime, limit: int = MOST_NEWS) -> list[News]:
    """Return the news of today (Asia/Taipei), what stays on top first, then the newest (KEY-3)."""
    return [_news(row, language) for row in _current_news(now)[:limit]]


def notice(bulletin_id: int, language: str, *, now: datetime) -> News:
    """Return one piece of today's news. Raises PublicationGone."""
    row = _current_news(now).filter(pk=bulletin_id).first()
    if row is None:
        raise PublicationGone()
    return _news(row, language)


def publications(language: str) -> list[Download]:
    """Return the files that are handed out: manuals, then forms, then agreements (KEY-3)."""
    rows = Publication.objects.filter(withdrawn_at__isnull=True).defer("content")
    return [
        Download(
            sha256=row.sha256,
            kind=row.kind,
            title=_in(language, row.title_zh, row.title_en),
            ending=MediaType(row.media_type).ending,
            size=row.size,
        )
        for row in rows.order_by("-kind", "published_at", "pk")
    ]


def publication(sha256: str) -> File:
    """Return a file that is handed out, by the SHA-256 of its bytes. Raises PublicationGone."""
    row = Publication.objects.filter(sha256=sha256, withdrawn_at__isnull=True).first()
    if row is None:
        raise PublicationGone()
    name = f"{row.title_zh}.{MediaType(row.media_type).ending}"
    return File(name=name, media_type=row.media_type, content=bytes(row.content))


def contact_lines(language: str) -> list[Contact]:
    """Return how the bank is reached, in the bank's order; nothing where none was set (KEY-3)."""
    rows = ContactLine.objects.order_by("order")
    return [Contact(_in(language, row.label_zh, row.label_en), row.value) for row in rows]


def _current_news(now: datetime) -> QuerySet[Bulletin]:
    today = business_date(now)
    begun = Bulletin.objects.filter(withdrawn_at__isnull=True, from_date__lte=today)
    open_ = begun.filter(Q(until_date__isnull=True) | Q(until_date__gte=today))
    return open_.select_related("publication").defer("publication__content").order_by(
        "-is_pinned", "-from_date", "-pk"
    )  # fmt: skip


def _news(row: Bulletin, language: str) -> News:
    file = row.publication
    return News(
        id=row.pk,
        date=row.from_date,
        title=_in(language, row.title_zh, row.title_en),
        text=_in(language, row.text_zh, row.text_en),
        is_pinned=row.is_pinned,
        file=file.sha256 if file is not None and file.withdrawn_at is None else "",
    )


def _in(language: str, chinese: str, english: str) -> str:
    return chinese if language.lower().startswith("zh") else english
