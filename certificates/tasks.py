"""What the clock does to the revocation list."""

from __future__ import annotations

from celery import shared_task

from certificates import operations
from kernel import clock


@shared_task(name="certificates.keep_list_current")
def keep_list_current() -> None:
    """Publish the revocation list again before the newest grows old (CERT-8)."""
    operations.keep_list_current(now=clock.now())
