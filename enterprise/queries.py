"""What the customer's own pages show."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from certificates import queries as certificates
from certificates.states import CertificateState
from identity import queries as identity

SOON = timedelta(days=60)
BEFORE_USE = {CertificateState.LETTER_PRINTED, CertificateState.ISSUED}
# In the order in which they are looked for: each names itself beside those it descends from.
BROWSERS = (
    ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def certificate_rows(user_id: int, *, now: datetime) -> list[dict[str, object]]:
    """Return a person's certificates for their own page, newest first."""
    return [_certificate(row, now) for row in certificates.own_certificates(user_id)]


def sign_in_rows(user_id: int, *, current_key_sha256: str) -> list[dict[str, object]]:
    """Return a person's latest sign-ins for their own page, newest first."""
    rows = identity.recent_sign_ins(user_id, current_key_sha256=current_key_sha256)
    return [_sign_in(row) for row in rows]


def waits_for_card(user_id: int) -> bool:
    """Tell whether a letter was printed or a key certified, and the card is not in use yet."""
    states = {row.state for row in certificates.own_certificates(user_id)}
    live = {CertificateState.ACTIVE, CertificateState.SUSPENDED, CertificateState.UNSUSPENDING}
    return bool(states & BEFORE_USE) and not states & live


def _certificate(row: certificates.CertificateFacts, now: datetime) -> dict[str, object]:
    labels = {
        CertificateState.APPLIED: (_("Applied for"), "neutral"),
        CertificateState.LETTER_PRINTED: (_("Letter printed"), "info"),
        CertificateState.CANCELLED: (_("Cancelled"), "neutral"),
        CertificateState.ISSUED: (_("Issued, not confirmed"), "info"),
        CertificateState.ACTIVE: (_("In force"), "good"),
        CertificateState.SUSPENDED: (_("Suspended"), "warn"),
        CertificateState.UNSUSPENDING: (_("Suspended, being lifted"), "warn"),
        CertificateState.REVOKED: (_("Revoked"), "bad"),
        CertificateState.EXPIRED: (_("Expired"), "bad"),
    }
    storages = {
        "BROWSER": _("Virtual card in this browser"),
        "SOFTWARE": _("Software"),
        "HARDWARE": _("Smart card"),
    }
    purposes = {"SIGNING": _("Signing"), "AUTHENTICATION": _("Signing in")}
    label, tone = labels[CertificateState(row.state)]
    in_force = row.state == CertificateState.ACTIVE
    return {
        "serial_number": row.serial_number or "-",
        "purpose_label": purposes[row.purpose],
        "storage_label": storages.get(row.storage, "-"),
        "state_label": label,
        "tone": tone,
        "not_before": row.not_before,
        "not_after": row.not_after,
        "expires_soon": bool(in_force and row.not_after and row.not_after - now < SOON),
        "suspensions": row.suspensions,
        "used_at": None,
        "download_url": "",
    }


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
