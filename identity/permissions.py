"""May this person do this at all? The grain of roles; the grain of accounts is the ledger's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from identity.errors import PermissionMissing, StepUpNeeded
from identity.models import User
from identity.policies import STRONG_FACTORS
from kernel import clock

View = TypeVar("View", bound=Callable[..., HttpResponse])
PUBLIC = "public"
SIGNED_IN = "signed in"
FRESH_FOR = timedelta(minutes=5)
_with_card: set[str] = set()


class Permission(StrEnum):
    VIEW_COMPANY = "identity.company.view"
    VIEW_USER = "identity.user.view"


class Gate(StrEnum):
    """Name what stands between signing in and everything else, in the order it is asked for.

    A view that must work before a gate is passed says so with `before`.
    """

    FIRST_USE = "first_use"
    SECOND_FACTOR = "second_factor"
    NEW_PASSWORD = "change_password"  # noqa: S105 - the name of a page


class PersonRequest(HttpRequest):
    """Be a request whose session names a person; what `requires` hands to its view."""

    user: User
    session: Any
    number: str


def can(user: User, permission: str) -> bool:
    """Tell whether a role in force gives this permission to the person of this request."""
    return permission == SIGNED_IN or permission in user.granted


def needs_card(*permissions: str) -> None:
    """Say that these permissions are used with a stronger factor than the password (AUTH-5).

    Called by the rooms above, beside their vocabulary.
    """
    _with_card.update(permissions)


def check(user: User, permission: str) -> None:
    """Insist on a permission, and on the factor it asks for.

    Raises PermissionMissing; StepUpNeeded where only the password was given so far (AUTH-5).
    """
    if not can(user, permission):
        raise PermissionMissing(permission)
    if permission in _with_card:
        check_factor(user)


def check_factor(user: User) -> None:
    """Insist that the person has shown more than a password. Raises StepUpNeeded (AUTH-5)."""
    if user.factor not in STRONG_FACTORS:
        raise StepUpNeeded()


def check_fresh_factor(user: User, *, now: datetime) -> None:
    """Insist on a factor shown in the last five minutes, for what opens doors later on.

    Whoever finds a browser unattended changes neither address, passkey nor code. Raises
    StepUpNeeded (AUTH-5).
    """
    check_factor(user)
    if not _is_fresh(user, now):
        raise StepUpNeeded(fresh=True)


def needs_no_factor(request: PersonRequest) -> bool:
    """Tell whether the page that asks for the stronger factor has nothing to ask any more."""
    if request.GET.get("fresh"):
        return _is_fresh(request.user, clock.now())
    return request.user.factor in STRONG_FACTORS


def _is_fresh(user: User, now: datetime) -> bool:
    shown = user.factor_shown_at
    return user.factor in STRONG_FACTORS and shown is not None and now - shown <= FRESH_FOR


def requires(permission: str) -> Callable[[View], View]:
    """Open a view only to signed-in people whose roles give this permission.

    The view carries its permission's name, so that a house test can see that each has one.
    Without a session the reader is led to sign in and back; with a weaker factor than the
    permission asks for, to the step-up and back.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            try:
                check(request.user, permission)
                return view(request, *args, **kwargs)
            except StepUpNeeded as error:
                if wants_json(request):
                    raise
                return to_step_up(request, fresh=error.fresh)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def public(view: View) -> View:
    """Mark a view as open to everyone, on purpose."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    return view


def before(*gates: Gate) -> Callable[[View], View]:
    """Open a view to people who have not passed these gates yet; every other one stays closed."""

    def decorate(view: View) -> View:
        view.gates = frozenset(gates)  # type: ignore[attr-defined]
        return view

    return decorate


def quiet(view: View) -> View:
    """Answer without counting as activity: what scripts ask by themselves keeps nobody signed in.

    The idle deadline stays where it was (SES-1).
    """
    view.quiet = True  # type: ignore[attr-defined]
    return view


def wants_json(request: HttpRequest) -> bool:
    """Tell whether a script asks, which cannot follow to another page."""
    return "application/json" in request.headers.get("Accept", "")


def to_step_up(request: HttpRequest, *, fresh: bool = False) -> HttpResponse:
    """Lead to the page that asks for the stronger factor, and back to where the act began.

    What was posted stays behind: the reader comes back to the page it was posted from, whose
    script has kept what was typed.
    """
    return HttpResponseRedirect(step_up_url(_here(request), fresh=fresh))


def step_up_url(here: str, *, fresh: bool = False) -> str:
    """Return the address of the page that asks for the stronger factor, and leads back here.

    `fresh`: it asks again where the factor was shown a while ago.
    """
    asked = {"next": here, "fresh": "1"} if fresh else {"next": here}
    return reverse(settings.STEP_UP_URL) + "?" + urlencode(asked)


def _here(request: HttpRequest) -> str:
    """Return the address of the page the reader is on; what was posted came from another one."""
    if request.method == "GET":
        return request.get_full_path()
    referrer = urlsplit(request.headers.get("Referer", ""))
    return referrer.path if referrer.netloc == request.get_host() else ""


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        # A script cannot follow to the door; its page tells the reader what has happened.
        message = str(_("You are signed out. Sign in again to go on."))
        body = {"ok": False, "code": "identity.signed_out", "message": message}
        return JsonResponse(body, status=401)
    target = reverse(settings.SIGN_IN_URL)
    here = _here(request)
    if here not in ("", "/"):
        target += "?" + urlencode({"next": here})
    return HttpResponseRedirect(target)
