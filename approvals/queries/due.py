"""Which requests can no longer be executed in time?"""

from __future__ import annotations

from datetime import datetime

from approvals.models import Request
from approvals.states import REQUEST_VERBS, Act
from kernel.machines import sources

MOST = 500


def due_requests(now: datetime) -> list[int]:
    """Return the ids of open requests past their deadline, oldest first, at most a batch."""
    open_states = sources(REQUEST_VERBS, Act.EXPIRE)
    rows = Request.objects.filter(state__in=open_states, deadline__lt=now).order_by("deadline")
    return list(rows.values_list("pk", flat=True)[:MOST])
