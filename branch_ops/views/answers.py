"""Answer scripts of the staff site in JSON: what they asked for, or what went wrong in words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from branch_ops.views.refusals import write_down
from identity.errors import CodeGone, CodeRefused
from identity.errors.passkeys import PasskeyGone, PasskeyRefused
from identity.permissions import PersonRequest
from kernel.errors import RuleBroken

# What was counted, and so written down, by the act itself.
_COUNTED = (CodeGone, CodeRefused, PasskeyGone, PasskeyRefused)


def answers(
    event: str,
) -> Callable[[Callable[..., dict[str, Any]]], Callable[..., HttpResponse]]:
    """Answer with `ok` and what the view returns, or with the rule that was broken.

    The rule goes beside its field, as a form would show it, and is written down as a refusal of
    `event`; other errors are the middleware's (AUD-1).
    """

    def decorate(view: Callable[..., dict[str, Any]]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answered(request: PersonRequest) -> HttpResponse:
            try:
                return JsonResponse({"ok": True, **view(request)})
            except RuleBroken as error:
                if not isinstance(error, _COUNTED):
                    write_down(request, f"user:{request.user.public_id}", error, event=event)
                told = {"code": error.code, "message": str(error), "field": error.field}
                return JsonResponse({"ok": False, **told}, status=error.status)

        return never_cache(require_POST(answered))

    return decorate
