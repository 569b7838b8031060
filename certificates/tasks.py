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
