"""Put the person of the session on the request, and keep the session awake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from identity import operations
from identity.errors import DraftRefused
from identity.models import User
from kernel import clock

# Writing on every click would cost a write per page; a quarter of a minute is close enough.
TOUCH_EVERY = timedelta(seconds=15)


class PersonMiddleware:
    """Set `request.user` from the session's one query and push its idle deadline (SES-1)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session: Any = request.session
        session.get("", None)  # loads: one query, or none without a cookie
        request.user = session.user or AnonymousUser()
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: object, kwargs: object
    ) -> None:
        """Push the deadline, unless a script asks by itself."""
        session: Any = request.session
        now = clock.now()
        if session.user is None or getattr(view, "quiet", False):
            return
        if now - session.seen_at > TOUCH_EVERY:
            operations.touch_session(key_sha256=session.key_sha256, now=now)


class DraftMiddleware:
    """Forget the draft of a form that was sent, and keep it where the card is asked for first.

    The page's script names the draft in `draft`, and in `draft_fields` what of the form may be
    kept (SES-1, AUTH-5). Only what a view answered counts: a request that was turned away at a
    gate touches no draft, and neither does one before the second factor (AUTH-1).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        led_on = response.status_code in (HTTPStatus.FOUND, HTTPStatus.SEE_OTHER)
        let_in = getattr(request, "past_gates", False)
        if let_in and led_on and request.method == "POST" and request.POST.get("draft"):
            _follow(request, response["Location"].partition("?")[0])
        return response


def _follow(request: HttpRequest, target: str) -> None:
    """Do about a form's draft what fits where its sender is led to."""
    user, path = request.user, request.POST["draft"]
    if not isinstance(user, User) or target == reverse(settings.SIGN_IN_URL):
        return
    names = set(request.POST.get("draft_fields", "").split())
    fields = {name: request.POST.getlist(name) for name in names & set(request.POST)}
    try:
        if target == reverse(settings.STEP_UP_URL):
            operations.keep_draft(actor=user, path=path, fields=fields, now=clock.now())
        else:
            operations.drop_draft(actor=user, path=path)
    except DraftRefused:
        # The page they come back to is empty then; the way there matters more.
        return
