"""When to try again."""

from datetime import timedelta

import pytest

from alerts.policies import MOST_ATTEMPTS, delay_after, is_given_up, may_begin


@pytest.mark.req("ALR-2")
def test_delays_double_from_five_seconds_to_an_hour() -> None:
    seconds = [delay_after(attempts).total_seconds() for attempts in range(1, 13)]
    assert seconds[:4] == [5, 10, 20, 40]
    assert seconds[-2:] == [3600, 3600]
    assert seconds == sorted(seconds)


@pytest.mark.req("ALR-2")
def test_twelve_failures_are_enough_and_a_refusal_for_good_at_once() -> None:
    assert not is_given_up(MOST_ATTEMPTS - 1, permanent=False)
    assert is_given_up(MOST_ATTEMPTS, permanent=False)
    assert is_given_up(1, permanent=True)


def test_no_delivery_begins_late_in_the_lease() -> None:
    lease = timedelta(seconds=90)
    assert may_begin(0, lease=lease)
    assert may_begin(29.9, lease=lease)
    assert not may_begin(30, lease=lease)
