"""Write refusals down that a page shows in place, so that the middleware never sees them."""

from __future__ import annotations

from identity.operations import record_refusal
from identity.permissions import PersonRequest
from kernel import clock
from kernel.errors import DomainError

# Editing a proposal is nobody's permission of its own: whoever may propose it may edit it.
EDITING = "approvals.request.edit"
# As much of a name as the log keeps: a serial number that was typed may be anything.
MOST_TARGET = 80


def write_down(request: PersonRequest, target: str, error: DomainError, *, event: str = "") -> None:
    """Write down that an act was refused, after its own transaction is gone (AUD-1).

    `target` names what it was tried on (`fee:12`). Without an event's name it is that of the
    permission the page asks for, as the middleware has it.
    """
    match = request.resolver_match
    permission = getattr(match.func, "permission", "") if match is not None else ""
    record_refusal(
        actor=request.user, event=event or str(permission), target=target[:MOST_TARGET],
        error=error, now=clock.now(),
    )  # fmt: skip
