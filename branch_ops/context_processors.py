"""What the frame of every page of the staff site shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise, SimpleLazyObject
from django.utils.translation import get_language, gettext as _, gettext_lazy

from approvals.permissions import Help, Permission as Approve
from approvals.queries.inbox import waiting_count
from branch_ops.permissions import (
    CounterPermission,
    EquipmentPermission,
    ExternalPermission,
    FeePermission,
    PolicyPermission,
)
from certificates.permissions import Permission as Certificates
from identity import queries as identity
from identity.permissions import SIGNED_IN
from kernel import clock


@dataclass(frozen=True, slots=True)
class Area:
    """Name one area of work: its entry in the frame, and the permission that opens it.

    `section` is the namespace of its addresses, or the name of a single one.
    """

    section: str
    label: Promise
    address: str
    icon: str
    permission: str


AREAS = (
    Area("inbox", gettext_lazy("Inbox"), "approvals:inbox", "inbox", Approve.VIEW),
    Area(
        "counter",
        gettext_lazy("Certificates"),
        "counter:certificates",
        "certificate",
        CounterPermission.INQUIRE,
    ),
    Area("fees", gettext_lazy("Fees"), "fees:items", "building-bank", FeePermission.INQUIRE),
    Area(
        "equipment",
        gettext_lazy("Equipment"),
        "equipment:stock",
        "devices",
        EquipmentPermission.INQUIRE,
    ),
    Area(
        "external",
        gettext_lazy("Outside certificates"),
        "external:index",
        "shield-check",
        ExternalPermission.PROPOSE,
    ),
    Area("people_help", gettext_lazy("Sign-in help"), "staff:people_help", "user", Help.VIEW),
    Area(
        "policy",
        gettext_lazy("Sign-in policy"),
        "policy:figures",
        "lock",
        PolicyPermission.INQUIRE,
    ),
    Area("window", gettext_lazy("All records"), "admin:index", "search", SIGNED_IN),
)
OWN = (
    Area("profile", gettext_lazy("My data"), "staff:profile", "user", SIGNED_IN),
    Area("card", gettext_lazy("My card"), "staff:card", "certificate", Certificates.ENROL),
    Area(
        "report_lost",
        gettext_lazy("Report my card lost"),
        "staff:report_lost",
        "alert-triangle",
        Certificates.REPORT_LOST,
    ),
    Area("sessions", gettext_lazy("My sign-ins"), "staff:sessions", "devices", SIGNED_IN),
    Area(
        "change_password",
        gettext_lazy("Change password"),
        "staff:change_password",
        "lock",
        SIGNED_IN,
    ),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's facts for a signed-in person of the bank; nothing of people for others.

    What costs a query is read only where a template shows it.
    """
    label = settings.ENVIRONMENT_LABEL
    user = getattr(request, "user", None)
    if settings.SITE != "staff" or user is None or not user.is_authenticated:
        return {"environment_label": label}

    def waiting() -> int | str:
        count = waiting_count(user, now=clock.now())
        return "99+" if count > 99 else count

    def entry(area: Area) -> dict[str, Any]:
        return {
            "section": area.section,
            "label": area.label,
            "url": reverse(area.address),
            "icon": f"icons/{area.icon}.svg",
            "count": SimpleLazyObject(waiting) if area.section == "inbox" else 0,
        }

    def open_to(area: Area) -> bool:
        # Before first use is over nothing else opens, and nothing leads there (DEL-3).
        if user.first_used_at is None:
            return False
        return area.permission == SIGNED_IN or area.permission in user.granted

    return {
        "environment_label": label,
        "shell": {
            "site_name": _("Branch administration"),
            "home_url": reverse("staff:home"),
            "sign_out_url": reverse("staff:sign_out"),
            "company_name": user.unit.name,
            "person_name": user.display_name,
            "role_label": SimpleLazyObject(
                lambda: identity.role_names(user.pk, language=get_language() or "")
            ),
            "nav": [entry(area) for area in AREAS if open_to(area)],
            "own": [entry(area) for area in OWN if open_to(area)],
            "section": _section(request),
            "idle_seconds": getattr(request.session, "idle_minutes", 0) * 60,
            "idle_warning_seconds": getattr(request.session, "warning_seconds", 0),
            "stay_url": reverse("staff:stay"),
            "draft_url": reverse("staff:draft"),
        },
    }


def _section(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return ""
    name = match.url_name or ""
    own = "people_help" if name.startswith("help_") else name
    spaces = {"approvals": "inbox", "admin": "window", "staff": own}
    space = match.namespaces[-1] if match.namespaces else ""
    return spaces.get(space, space)
