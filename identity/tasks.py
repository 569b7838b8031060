"""What the beat does about people and their sessions."""

from __future__ import annotations

from celery import shared_task

from identity import operations
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
