"""What the frame of every page shows: who is signed in, how much waits, when idling ends."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import get_language, gettext as _

from approvals.permissions import Help, Permission
from approvals.queries.inbox import waiting_count
from certificates.permissions import Permission as Certificates
from identity import queries as identity
from identity.models import User
from kernel import clock
from transfers.permissions import Permission as Money


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's facts for a signed-in person of a company; nothing for others.

    What costs a query is read only where a template shows it.
    """
    user = getattr(request, "user", None)
    if settings.SITE != "enterprise" or user is None or not user.is_authenticated:
        return {"shell": None, "environment_label": settings.ENVIRONMENT_LABEL}

    def waiting() -> int | str:
        if Permission.VIEW not in user.granted:
            return 0
        count = waiting_count(user, now=clock.now())
        return "99+" if count > 99 else count

    return {
        "environment_label": settings.ENVIRONMENT_LABEL,
        "shell": {
            "site_name": _("Corporate e-banking"),
            "home_url": reverse("enterprise:home"),
            "sign_out_url": reverse("enterprise:sign_out"),
            "company_name": user.company.name,
            "person_name": user.display_name,
            "role_label": SimpleLazyObject(
                lambda: identity.role_names(user.pk, language=get_language() or "")
            ),
            "nav": [
                _entry("home", _("Home"), "enterprise:home", "home"),
                {
                    **_entry("inbox", _("Inbox"), "approvals:inbox", "inbox"),
                    "count": SimpleLazyObject(waiting),
                },
                *_money_entries(user),
                *_company_entries(user),
            ],
            "own": [
                _entry("profile", _("My data"), "enterprise:profile", "user"),
                _entry(
                    "certificates", _("My certificates"), "enterprise:certificates", "certificate"
                ),
                _entry("sessions", _("My sign-ins"), "enterprise:sessions", "devices"),
                _entry(
                    "change_password", _("Change password"), "enterprise:change_password", "lock"
                ),
            ],
            "section": _section(request),
            "idle_seconds": getattr(request.session, "idle_minutes", 0) * 60,
            "idle_warning_seconds": getattr(request.session, "warning_seconds", 0),
            "stay_url": reverse("enterprise:stay"),
            "draft_url": reverse("enterprise:draft"),
            # Before first use is over nothing else opens, and nothing leads there (DEL-3).
            **({"nav": [], "own": []} if user.first_used_at is None else {}),
        },
    }


def _money_entries(user: User) -> list[dict[str, Any]]:
    """Return what people with rights on money are led to."""
    if Money.INQUIRE not in user.granted:
        return []
    return [
        _entry("transfers", _("Transfers"), "transfers:orders", "arrows-right-left"),
        _entry("accounts", _("Accounts"), "transfers:accounts", "building-bank"),
    ]


def _company_entries(user: User) -> list[dict[str, Any]]:
    """Return what only the company's security pair is led to."""
    entries = []
    if Certificates.INQUIRE_COMPANY in user.granted:
        address = "enterprise:company_certificates"
        entries.append(_entry("company_certificates", _("Certificates"), address, "certificate"))
    if Help.VIEW in user.granted:
        address = "enterprise:people_help"
        entries.append(_entry("people_help", _("People who cannot sign in"), address, "user"))
    if Permission.ADMINISTRATION in user.granted:
        address = "enterprise:company_policy"
        entries.append(_entry("company_policy", _("Sign-in rules"), address, "shield-check"))
    return entries


def _entry(section: str, label: str, address: str, icon: str) -> dict[str, Any]:
    return {
        "section": section, "label": label, "url": reverse(address), "icon": f"icons/{icon}.svg",
    }  # fmt: skip


def _section(request: HttpRequest) -> str:
    match = request.resolver_match
    if match is None:
        return ""
    name = match.url_name or ""
    if match.namespace == "approvals":
        return "inbox"
    if match.namespace == "transfers":
        return "accounts" if name.startswith("account") else "transfers"
    if name.startswith("help_"):
        return "people_help"
    if name.endswith("company_policy"):
        return "company_policy"
    return "company_certificates" if "certificate" in name and "company" in match.route else name
