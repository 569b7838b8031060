"""When a failed message is tried again, and when it is given up."""

from __future__ import annotations

from datetime import timedelta

FIRST_DELAY_SECONDS = 5
LONGEST_DELAY_SECONDS = 3600
MOST_ATTEMPTS = 12
# No delivery is begun after this part of the lease, so that the slowest one still ends inside it.
LEASE_PART_FOR_WORK = 1 / 3


def delay_after(attempts: int) -> timedelta:
    """Return how long to wait after this many failed attempts (1 or more): 5, 10, 20 s … 1 h."""
    doubled = FIRST_DELAY_SECONDS * 2 ** (attempts - 1)
    return timedelta(seconds=min(doubled, LONGEST_DELAY_SECONDS))


def is_given_up(attempts: int, *, permanent: bool) -> bool:
    """Tell whether a message that failed this many times becomes a dead letter (ALR-2)."""
    return permanent or attempts >= MOST_ATTEMPTS


def may_begin(elapsed_seconds: float, *, lease: timedelta) -> bool:
    """Tell whether another delivery may begin so long after the messages were claimed."""
    return elapsed_seconds < lease.total_seconds() * LEASE_PART_FOR_WORK
