"""How the card in the browser and the bank talk: JSON both ways, refusals written down."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from certificates.errors import CardLocked, PinRefused
from certificates.operations import UnlockResult
from identity.operations import record_refusal
from identity.permissions import PersonRequest
from kernel import clock
from kernel.errors import DomainError, RuleBroken

View = Callable[..., HttpResponse]


def answers_card(view: Callable[[HttpRequest], dict[str, Any]]) -> View:
    """Answer the card in JSON: `ok` with its members, or what went wrong in the reader's words.

    RuleBroken is answered and written down here, beside its field, as a form would (AUD-1); other
    errors are the middleware's.
    """

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return JsonResponse({"ok": True, **view(request)})
        except RuleBroken as error:
            _write_down(request, f"certificates.certificate.{view.__name__}", error)
            return JsonResponse(_refusal(error), status=error.status)

    return never_cache(require_POST(answered))


def origin_of(request: HttpRequest) -> str:
    """Return the origin of the site the reader is on, as statements name their audience."""
    return f"{request.scheme}://{request.get_host()}"


def opened(result: UnlockResult, now: datetime) -> dict[str, Any]:
    """Answer how a PIN was taken, with the bank's time to sign with.

    Raises CardLocked and PinRefused.
    """
    if result.locked:
        raise CardLocked
    if not result.ok:
        raise PinRefused(result.tries_left)
    return {"now": exactly(now)}


def to_base64(data: bytes) -> str:
    """Return bytes as messages carry them."""
    return base64.b64encode(data).decode("ascii")


def exactly(now: datetime) -> str:
    """Return a time as the card's script reads it."""
    return clock.isoformat(now)


def _write_down(request: HttpRequest, event: str, error: DomainError) -> None:
    actor = cast(PersonRequest, request).user  # the view asks for a permission
    record_refusal(
        actor=actor, event=event, target=f"user:{actor.public_id}", error=error, now=clock.now()
    )


def _refusal(error: DomainError) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "ok": False, "code": error.code, "message": str(error), "field": error.field,
    }  # fmt: skip
    if isinstance(error, PinRefused | CardLocked):
        answer["tries_left"] = error.facts.get("tries_left", 0)
    return answer
