"""What the clock does to people's sessions, passwords and what they had typed."""

from __future__ import annotations

from celery import shared_task

from identity import operations, queries
from kernel import clock

# A task that ran for ever could not be restarted; what is left after this many is the next one's.
MOST_BATCHES = 40


@shared_task(name="identity.end_idle", ignore_result=True)
def end_idle() -> int:
    """End and write down sessions that have run out; return how many (SES-1, AUTH-8)."""
    total = 0
    for _ in range(MOST_BATCHES):
        ended = operations.end_idle(now=clock.now())
        total += ended
        if not ended:
            break
    return total


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
