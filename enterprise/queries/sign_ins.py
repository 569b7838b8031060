"""What a person's page of sign-ins shows."""

from __future__ import annotations

from django.utils.translation import gettext as _

from identity import queries as identity

# In the order in which they are looked for: each names itself beside those it descends from.
BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def sign_in_rows(user_id: int, *, current_key_sha256: str) -> list[dict[str, object]]:
    """Return a person's latest sign-ins for their own page, newest first."""
    rows = identity.recent_sign_ins(user_id, current_key_sha256=current_key_sha256)
    return [_sign_in(row) for row in rows]


def device_name(agent: str) -> str:
    """Return the browser and system a User-Agent text names, as people call them; a hint only."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    return " · ".join(filter(None, [browser, system])) or agent[:40]


def _sign_in(row: identity.SignIn) -> dict[str, object]:
    reasons = {
        "signed out": _("Signed out"),
        "idle": _("Ended after a time without activity"),
        "replaced": _("Ended by another sign-in"),
    }
    label = reasons.get(row.ended_why, _("Ended")) if row.ended_at else _("Signed in")
    return {
        "started_at": row.started_at,
        "seen_at": row.seen_at,
        "address": row.address,
        "device": device_name(row.agent),
        "state_label": label,
        "tone": "neutral" if row.ended_at else "good",
        "is_this": row.current,
        "end_url": "",
    }
