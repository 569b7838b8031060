"""What the worker does when woken, and what the beat does in case nobody woke it."""

from __future__ import annotations

from celery import shared_task

from alerts import dispatch, operations
from kernel import clock

# A task that ran for ever could not be restarted; what is left after this many is the next one's.
MOST_BATCHES = 20


@shared_task(name="alerts.deliver", ignore_result=True)
def deliver() -> int:
    """Deliver what is due, batch by batch, and return how many messages went out (ALR-2)."""
    return _drain()


@shared_task(name="alerts.sweep", ignore_result=True)
def sweep() -> int:
    """Deliver what nobody woke a worker for, from the beat's clock (ALR-2)."""
    return _drain()


def _drain() -> int:
    delivered = 0
    for _ in range(MOST_BATCHES):
        result = operations.deliver_batch(now=clock.now())
        delivered += result.delivered
        # Without progress the gateways are down: the next sweep tries again.
        if not result.left or not result.delivered:
            return delivered
    dispatch.wake()
    return delivered
