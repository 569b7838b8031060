"""Put the person of the session on the request, and keep the session awake."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse

from identity import operations
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
        now = clock.now()
        if session.user is not None and now - session.seen_at > TOUCH_EVERY:
            operations.touch_session(key_sha256=session.key_sha256, now=now)
        return self.get_response(request)
