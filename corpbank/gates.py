"""Keep every page closed until its reader has been through what comes before it (DEL-3, SES-2)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from certificates.queries import signing_certificate
from identity.models import User
from identity.permissions import PUBLIC, Gate, wants_json
from identity.policies import STRONG_FACTORS
from identity.queries import has_passkey

# Leaving, staying and the language go on working before every gate.
ALWAYS_OPEN = ("sign_out", "stay")


class GateMiddleware:
    """Lead whoever stands before a gate to its page; serves both sites."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        """Answer instead of the view where its reader has something else to do first."""
        match = request.resolver_match
        if match is None or not request.user.is_authenticated:
            return None
        if getattr(view, "permission", "") == PUBLIC or match.view_name in _always_open():
            return None
        gate = gate_before(request.user)
        if gate is None or gate in getattr(view, "gates", ()):
            # Who has not shown the second factor has no say over what its owner typed (AUTH-1).
            request.past_gates = gate != Gate.SECOND_FACTOR  # type: ignore[attr-defined]
            return None
        target = reverse(f"{settings.SITE}:{gate}")
        if wants_json(request):
            message = _("Something else has to be done first. Open the first page again.")
            body = {"ok": False, "code": f"identity.gate.{gate}", "message": message}
            return JsonResponse(body, status=403)
        if gate == Gate.SECOND_FACTOR and request.method == "GET":
            target += "?" + urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(target)


def gate_before(user: User) -> Gate | None:
    """Return the gate a signed-in person stands before, or None.

    People of the bank show a second factor before anything else, first use included, as soon as
    they have one: a password alone never leads on from where its owner stopped (AUTH-1).
    """
    half_in = user.is_staff and user.factor not in STRONG_FACTORS
    if user.first_used_at is None:
        return Gate.SECOND_FACTOR if half_in and _has_factor(user) else Gate.FIRST_USE
    if half_in:
        return Gate.SECOND_FACTOR
    return Gate.NEW_PASSWORD if user.must_change_password else None


def _has_factor(user: User) -> bool:
    return has_passkey(user.pk) or signing_certificate(user.pk) is not None


def _always_open() -> set[str]:
    return {"set_language", *(f"{settings.SITE}:{name}" for name in ALWAYS_OPEN)}
