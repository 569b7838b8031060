"""What the clock does to requests."""

from __future__ import annotations

from celery import shared_task

from approvals import operations
from approvals.queries.due import due_requests
from kernel import clock


@shared_task(name="approvals.expire")
def expire() -> int:
    """End the requests whose deadline has passed, each in its own transaction (FLOW-7)."""
    now = clock.now()
    return sum(operations.expire(request_id=pk, now=now) for pk in due_requests(now))
