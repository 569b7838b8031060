"""What the clock does to the revocation list, letters and certificates."""

from __future__ import annotations

from celery import shared_task

from certificates import operations
from kernel import clock


@shared_task(name="certificates.keep_list_current")
def keep_list_current() -> None:
    """Publish the revocation list again before the newest grows old (CERT-8)."""
    operations.keep_list_current(now=clock.now())


@shared_task(name="certificates.expire")
def expire() -> int:
    """End what is over and remind of what soon will be (CERT-3, ALR-1)."""
    return operations.expire_due(now=clock.now())


@shared_task(name="certificates.refresh_external_lists")
def refresh_external_lists() -> None:
    """Fetch the revocation lists of the outside authorities that are accepted (CERT-11)."""
    operations.refresh_external_lists(now=clock.now())


# A task that ran for ever could not be restarted; what is left after this many is the next one's.
MOST_BATCHES = 20


@shared_task(name="certificates.stamp")
def stamp() -> int:
    """Fetch the time stamps that are due and return how many there were (SIGN-4)."""
    stamped = 0
    for _ in range(MOST_BATCHES):
        result = operations.stamp(now=clock.now())
        stamped += result.stamped
        if result.failed or not result.stamped:
            break
    return stamped
