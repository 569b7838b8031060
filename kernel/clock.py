"""The one clock. Edges read it once and pass the value on."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")


def now() -> datetime:
    """Return the present moment in UTC, aware."""
    return datetime.now(UTC)


def business_date(moment: datetime) -> date:
    """Return the calendar date in Asia/Taipei of an aware moment (TRF-5)."""
    return moment.astimezone(TAIPEI).date()


def end_of_business_date(day: date) -> datetime:
    """Return the last second of a calendar date in Asia/Taipei, as an aware UTC moment."""
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=TAIPEI).astimezone(UTC)


def isoformat(moment: datetime) -> str:
    """Return an aware moment as RFC 3339 text in UTC with seconds, as statements carry it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
