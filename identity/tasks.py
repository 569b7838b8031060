"""What the clock does to people's sessions and what they had typed."""

from __future__ import annotations

from celery import shared_task

from identity import operations
from kernel import clock


@shared_task(name="identity.purge_drafts")
def purge_drafts() -> int:
    """Forget forms nobody came back to for a week; return how many (SES-1)."""
    return operations.purge_drafts(now=clock.now())
