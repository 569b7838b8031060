"""Number every request, keep signed-in pages out of caches, turn named errors into pages."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from audit.operations import Origin, origin
from identity.operations import record_refusal
from kernel import clock, ids
from kernel.errors import Busy, DomainError

log = structlog.get_logger("corpbank.request")
# PostgreSQL: the lock was not to be had in time; a deadlock was broken; a serialization failed.
# As much of an address as the log keeps: readers may type anything there.
MOST_TARGET = 80
BUSY_STATES = {"55P03", "40P01", "40001"}

Handler = Callable[[HttpRequest], HttpResponse]


class NumberMiddleware:
    """Give each request a number that log, audit and error page share."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.number = ids.readable(12)  # type: ignore[attr-defined]
        address = request.META.get("REMOTE_ADDR", "")
        token = origin.set(Origin(address=address, request_number=request.number))  # type: ignore[attr-defined]
        structlog.contextvars.bind_contextvars(request_number=request.number)  # type: ignore[attr-defined]
        try:
            response = self.get_response(request)
        finally:
            origin.reset(token)
            structlog.contextvars.unbind_contextvars("request_number")
        response.headers["X-Request-Number"] = request.number  # type: ignore[attr-defined]
        return response


class PrivateMiddleware:
    """Keep what signed-in people see out of every cache, the browser's own included."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control"):
            response.headers["Cache-Control"] = "no-store"
        return response


class ErrorMiddleware:
    """Show errors by name as a page or as JSON, and write refusals down (AUD-1)."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseNotAllowed) and request.method == "GET":
            facts = {"number": request.number}  # type: ignore[attr-defined]
            page = render(request, "errors/405.html", {"error": facts}, status=405)
            page.headers["Allow"] = response.headers["Allow"]
            return page
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a named error; anything else goes on to be logged as broken."""
        error = _named(exception)
        if error is None:
            return None
        match = request.resolver_match
        log.info("refused", code=error.code, view=match.view_name if match else "")
        if request.user.is_authenticated and match is not None:
            permission = getattr(match.func, "permission", match.view_name)
            record_refusal(
                actor=request.user,
                event=str(permission),
                target=f"page:{match.kwargs.get('reference', match.view_name)}"[:MOST_TARGET],
                error=error,
                now=clock.now(),
            )
        return _answer(request, error)


def _named(exception: Exception) -> DomainError | None:
    if isinstance(exception, DomainError):
        return exception
    state = getattr(getattr(exception, "__cause__", None), "sqlstate", None)
    if isinstance(exception, OperationalError) and state in BUSY_STATES:
        return Busy("busy", _("Somebody else is working on this at the moment. Try again."))
    return None


def _answer(request: HttpRequest, error: DomainError) -> HttpResponse:
    text = _(str(error.message))
    message = text % error.facts if error.facts and "%(" in text else text
    if "application/json" in request.headers.get("Accept", ""):
        body = {"ok": False, "code": error.code, "message": message}
        return JsonResponse(body, status=error.status)
    facts = {"message": message, "number": request.number, "code": error.code}  # type: ignore[attr-defined]
    return render(request, f"errors/{error.status}.html", {"error": facts}, status=error.status)
