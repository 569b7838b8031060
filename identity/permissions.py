"""May this person do this at all? The grain of roles; the grain of accounts is the ledger's."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from identity.errors import PermissionMissing
from identity.models import User

View = TypeVar("View", bound=Callable[..., HttpResponse])
PUBLIC = "public"
SIGNED_IN = "signed in"


class Permission(StrEnum):
    VIEW_COMPANY = "identity.company.view"
    VIEW_USER = "identity.user.view"


class PersonRequest(HttpRequest):
    """Be a request whose session names a person; what `requires` hands to its view."""

    user: User
    session: Any
    number: str


def can(user: User, permission: str) -> bool:
    """Tell whether a role in force gives this permission to the person of this request."""
    return permission == SIGNED_IN or permission in user.granted


def check(user: User, permission: str) -> None:
    """Insist on a permission. Raises PermissionMissing."""
    if not can(user, permission):
        raise PermissionMissing(permission)


def requires(permission: str) -> Callable[[View], View]:
    """Open a view only to signed-in people whose roles give this permission.

    The view carries its permission's name, so that a house test can see that each has one.
    Without a session the reader is led to sign in and back.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return _to_sign_in(request)
            check(request.user, permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def public(view: View) -> View:
    """Mark a view as open to everyone, on purpose."""
    view.permission = PUBLIC  # type: ignore[attr-defined]
    return view


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    if "application/json" in request.headers.get("Accept", ""):
        # A script cannot follow to the door; its page tells the reader what has happened.
        message = str(_("You are signed out. Sign in again to go on."))
        body = {"ok": False, "code": "identity.signed_out", "message": message}
        return JsonResponse(body, status=401)
    target = reverse(settings.SIGN_IN_URL)
    if request.method == "GET" and request.path != "/":
        target += "?" + urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(target)
