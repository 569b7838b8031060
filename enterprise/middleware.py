"""Lead whoever must choose a new password there before anything else works (CERT-10)."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from identity.permissions import PUBLIC

# The page of either site; beside it leaving, staying and the language must go on working.
PAGES = ("change_password", "sign_out", "stay")


class NewPasswordMiddleware:
    """Redirect every other page of such a person to the page that changes passwords."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> HttpResponse | None:
        """Answer instead of the view where its reader has a password to change first."""
        match = request.resolver_match
        open_ones = {"set_language", *(f"{settings.SITE}:{name}" for name in PAGES)}
        if match is None or match.view_name in open_ones:
            return None
        waits = request.user.is_authenticated and request.user.must_change_password
        if not waits or getattr(view, "permission", "") == PUBLIC:
            return None
        return HttpResponseRedirect(reverse(f"{settings.SITE}:{PAGES[0]}"))
