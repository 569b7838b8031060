"""UTC in rows, Taipei on the calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from kernel.clock import TAIPEI, business_date, end_of_business_date, isoformat, now


def test_now_is_aware_and_in_utc() -> None:
    assert now().utcoffset() == timedelta(0)


@pytest.mark.req("TRF-5")
@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC), date(2026, 11, 22)),
        (datetime(2026, 11, 22, 16, 0, 0, tzinfo=UTC), date(2026, 11, 23)),
        (datetime(2026, 12, 31, 16, 0, tzinfo=UTC), date(2027, 1, 1)),
        (datetime(2026, 11, 22, 0, 0, tzinfo=TAIPEI), date(2026, 11, 22)),
    ],
)
def test_the_business_date_is_taipeis(moment: datetime, day: date) -> None:
    assert business_date(moment) == day


def test_a_business_date_ends_with_its_last_second_in_taipei() -> None:
    end = end_of_business_date(date(2026, 11, 22))
    assert end == datetime(2026, 11, 22, 15, 59, 59, tzinfo=UTC)
    assert business_date(end) == date(2026, 11, 22)
    assert business_date(end + timedelta(seconds=1)) == date(2026, 11, 23)


def test_a_moment_is_written_in_utc_with_seconds() -> None:
    moment = datetime(2026, 11, 22, 8, 30, 5, 999_999, tzinfo=TAIPEI)
    assert isoformat(moment) == "2026-11-22T00:30:05Z"
