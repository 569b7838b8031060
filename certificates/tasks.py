"""What the clock does to the revocation list."""

from __future__ import annotations

from celery import shared_task

from certificates import operations
from kernel import clock


@shared_task(name="certificates.keep_list_current")
def keep_list_current() -> None:
    """Publish the revocation list again before the newest grows old (CERT-8)."""
    operations.keep_list_current(now=clock.now())


@shared_task(name="certificates.refresh_external_lists")
def refresh_external_lists() -> None:
    """Fetch the revocation lists of the outside authorities that are accepted (CERT-11)."""
    operations.refresh_external_lists(now=clock.now())
