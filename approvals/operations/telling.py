"""Tell people what happened to a request; a step of the act itself (ALR-2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from alerts import operations as alerts
from approvals.kinds import kind_of
from approvals.models import Request
from approvals.states import RequestState
from identity.models import User
from identity.queries import recipients
from kernel.clock import TAIPEI


def _deadline(request: Request) -> str:
    """Return until when a pending request has to be decided; nothing where nobody is asked."""
    if request.state != RequestState.PENDING:
        return ""
    return request.deadline.astimezone(TAIPEI).strftime("%Y/%m/%d %H:%M")


def tell(
    event: str,
    *,
    request: Request,
    cause: str,
    user_ids: Iterable[int],
    actor: User,
    now: datetime,
    content: Mapping[str, str],
    reason: str = "",
) -> None:
    """Write a message to each of these people about what was done to a request."""
    readers = recipients(user_ids)
    if not readers:
        return
    kind = kind_of(request.kind)
    facts = {
        "reference": request.reference,
        "kind_name": kind.name,
        "amount_text": str(request.money or ""),
        "company_name": request.company.name if request.company is not None else "",
        "unit_name": request.unit.name if request.unit is not None else "",
        "actor_name": actor.display_name,
        "reason": reason,
        "deadline": _deadline(request),
        **kind.alert_facts(content),
    }
    alerts.enqueue(event=event, cause=cause, recipients=readers, facts=facts, now=now)
