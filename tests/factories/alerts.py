"""Readers, facts and enqueued messages for tests."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from django.db import transaction

from alerts.operations import enqueue
from alerts.render import Channel, Event, Recipient

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
FACTS: Mapping[str, object] = {
    "reference": "T20261122-48213907",
    "kind_name": "TWD transfer",
    "amount_text": "TWD 1,234,567",
    "payee_name": "Evergreen Trading",
    "payee_account_masked": "********8901",
    "company_name": "Harbour Electronics",
    "subject_text": "Chen Meiling",
    "actor_name": "Wang Xiaoming",
    "reason": "Wrong payee",
    "deadline": datetime(2026, 11, 25, 15, 59, 59, tzinfo=UTC),
}


def recipient(
    key: str = "U1", *, channel: str = Channel.EMAIL, language: str = "en", address: str = ""
) -> Recipient:
    """Return a reader; e-mail in English unless told otherwise."""
    place = address or {"email": f"{key.lower()}@company.example", "sms": "+886912345678"}[channel]
    return Recipient(key, channel, place, language, "24549210")


def tell(
    recipients: Sequence[Recipient],
    *,
    event: str = Event.REQUEST_RELEASED,
    cause: str = "request:T20261122-48213907:1:released",
    facts: Mapping[str, object] = FACTS,
    now: datetime = NOON,
) -> int:
    """Enqueue in a transaction of its own, as an operation would inside its own."""
    with transaction.atomic():
        return enqueue(event=event, cause=cause, recipients=recipients, facts=facts, now=now)


def tell_many(count: int, *, channel: str = Channel.EMAIL, now: datetime = NOON) -> int:
    """Enqueue one message each to this many readers."""
    return tell([recipient(f"U{n:03}", channel=channel) for n in range(count)], now=now)
