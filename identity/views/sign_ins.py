"""A person's own sign-ins on both sites: what the page shows, and ending what is live (AUTH-8)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from identity import operations, queries as identity
from identity.permissions import SIGNED_IN, PersonRequest, requires
from identity.views.door import after_signing_out
from kernel import clock

# In the order in which they are looked for: each names itself beside those it descends from.
BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def sign_in_rows(request: PersonRequest) -> list[dict[str, object]]:
    """Return the reader's latest sign-ins for their own page, newest first."""
    rows = identity.recent_sign_ins(request.user.pk, current_key_sha256=request.session.key_sha256)
    return [_sign_in(row) for row in rows]


@requires(SIGNED_IN)
@require_POST
def end_session(request: PersonRequest) -> HttpResponse:
    """End what is live of the reader's sign-ins: there is one at most, so it is this one too."""
    operations.end_own_sessions(actor=request.user, now=clock.now())
    request.session.forget()
    return after_signing_out(HttpResponseRedirect(reverse(settings.SIGN_IN_URL)))


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
        "password changed": _("Ended by a new password"),
    }
    unusual = (
        (row.is_new_device, _("New device")),
        (row.is_new_place, _("New place")),
        (row.is_out_of_hours, _("Outside the usual hours")),
    )
    label = reasons.get(row.ended_why, _("Ended")) if row.ended_at else _("Signed in")
    return {
        "started_at": row.started_at,
        "seen_at": row.seen_at,
        "address": row.address,
        "device": device_name(row.agent),
        "state_label": label,
        "tone": "neutral" if row.ended_at else "good",
        "is_this": row.current,
        "marks": [words for is_so, words in unusual if is_so],
        "end_url": "" if row.ended_at else reverse(f"{settings.SITE}:end_session"),
    }
