"""What stands in the log of refused attempts."""

from __future__ import annotations

from audit.models import Entry


def refusals() -> list[tuple[str, str, str, str]]:
    """Return actor, event, target and reason of every refused attempt, oldest first."""
    rows = Entry.objects.filter(outcome="refused").order_by("id")
    return list(rows.values_list("actor", "event", "target", "reason"))
