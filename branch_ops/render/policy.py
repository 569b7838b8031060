"""What the figures of signing in are called on the bank's pages, and how they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from identity.policies import BOUNDS

FIGURE_EVENTS: Mapping[str, str | Promise] = {
    "identity.company_policy.set": gettext_lazy("Company's sign-in rules set"),
    "identity.policy.set": gettext_lazy("Figures of signing in set"),
}


@dataclass(frozen=True, slots=True)
class FigureGroup:
    """Name figures that belong together; `key` marks the group on the page."""

    key: str
    title: Promise
    names: tuple[str, ...]


GROUPS = (
    FigureGroup(
        "guessing", gettext_lazy("Wrong passwords"),
        ("pause_after", "alarm_after", "address_limit", "account_limit", "limit_minutes"),
    ),
    FigureGroup(
        "sessions", gettext_lazy("Sessions"),
        ("idle_minutes", "warning_seconds", "absolute_hours", "second_sign_in"),
    ),
    FigureGroup(
        "codes", gettext_lazy("One-time codes"),
        ("code_tries", "code_minutes", "activation_hours"),
    ),
    FigureGroup(
        "keypad", gettext_lazy("Keypad and graphic number"),
        ("keypad_offered", "keypad_seconds", "keypad_sign_milliseconds", "number_offered"),
    ),
    FigureGroup(
        "passwords", gettext_lazy("Passwords"),
        (
            "shortest", "shortest_staff", "run_length", "remembered", "days_valid",
            "notice_days", "common_words",
        ),
    ),
)  # fmt: skip
LABELS: Mapping[str, Any] = {  # lazily translated texts
    "pause_after": gettext_lazy("Wrong passwords in a row that pause a person"),
    "alarm_after": gettext_lazy("Wrong passwords in a row that the administrators are told of"),
    "address_limit": gettext_lazy("Tries let through from one network address"),
    "account_limit": gettext_lazy("Tries let through for one account"),
    "limit_minutes": gettext_lazy("Minutes over which tries are counted"),
    "idle_minutes": gettext_lazy("Minutes without activity that end a session"),
    "warning_seconds": gettext_lazy("Seconds before that in which people are warned"),
    "absolute_hours": gettext_lazy("Hours after which every session ends"),
    "second_sign_in": gettext_lazy("A second sign-in while the first stands"),
    "code_tries": gettext_lazy("Tries for a one-time code"),
    "code_minutes": gettext_lazy("Minutes a one-time code is good"),
    "activation_hours": gettext_lazy("Hours an activation code is good"),
    "keypad_offered": gettext_lazy("Keypad on the screen"),
    "keypad_seconds": gettext_lazy("Seconds a keypad is good"),
    "keypad_sign_milliseconds": gettext_lazy("Milliseconds a person needs for one key at least"),
    "number_offered": gettext_lazy("Graphic one-time number"),
    "shortest": gettext_lazy("Shortest password of customers' people"),
    "shortest_staff": gettext_lazy("Shortest password of the bank's people"),
    "run_length": gettext_lazy("Same or sequential characters that are too many"),
    "remembered": gettext_lazy("Passwords that may not come back"),
    "days_valid": gettext_lazy("Days a password is good"),
    "notice_days": gettext_lazy("Days before its end on which people are told"),
    "common_words": gettext_lazy("Words no password may hold"),
}
SECOND_WORDS: Mapping[str, Promise] = {
    "take over": gettext_lazy("may end the first"),
    "refuse": gettext_lazy("is refused"),
}
OFFERED: Mapping[str, Promise] = {
    "yes": gettext_lazy("offered"), "no": gettext_lazy("not offered"),
}  # fmt: skip


def figure_text(name: str, value: str) -> str:
    """Return a figure, as a request carries it, the way people read it."""
    if name == "second_sign_in":
        return str(SECOND_WORDS.get(value, value))
    if name in ("keypad_offered", "number_offered"):
        return str(OFFERED.get(value, value))
    if name in ("notice_days", "common_words"):
        return ", ".join(value.split()) or _("none")
    return f"{int(value):,}"


def bounds_text(name: str) -> str:
    """Return between which numbers a figure may be chosen."""
    least, most = BOUNDS[name]
    return _("From %(least)s to %(most)s.") % {"least": f"{least:,}", "most": f"{most:,}"}
