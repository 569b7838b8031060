"""What the clock does to people's passwords, sessions and what they had typed."""

from __future__ import annotations

from celery import shared_task

from identity import operations, queries
from kernel import clock


@shared_task(name="identity.purge_drafts")
def purge_drafts() -> int:
    """Forget forms nobody came back to for a week; return how many (SES-1)."""
    return operations.purge_drafts(now=clock.now())


@shared_task(name="identity.warn_passwords")
def warn_passwords() -> int:
    """Tell whose password ends soon, each in a transaction of their own (PWD-1, ALR-1).

    Returns how many messages are new.
    """
    now = clock.now()
    return sum(
        operations.warn_password(ending=ending, now=now)
        for ending in queries.ending_passwords(now=now)
    )
