"""Keep and give back what somebody is typing: a message of the page's script, on both sites."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods

from identity import operations, queries
from identity.errors import DraftRefused
from identity.operations.drafts import LONGEST_DRAFT
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, quiet, requires
from kernel import clock

# The fields as JSON may write each sign in six; the rest is the address.
_LONGEST_MESSAGE = 6 * LONGEST_DRAFT + 1024
_MOST_FORMS = 20


@before(Gate.FIRST_USE, Gate.NEW_PASSWORD)
@quiet
@requires(SIGNED_IN)
@require_http_methods(["GET", "POST"])
def draft(request: PersonRequest) -> JsonResponse:
    """Give back what is kept of the forms named by `path`, or keep one (SES-1).

    Never counts as activity: what keeps itself must not keep its person signed in.
    """
    if request.method == "GET":
        paths = request.GET.getlist("path")[:_MOST_FORMS]
        return JsonResponse({"ok": True, "drafts": queries.drafts(request.user, paths)})
    message = _read(request)
    operations.keep_draft(actor=request.user, **message, now=clock.now())
    return JsonResponse({"ok": True})


def _read(request: HttpRequest) -> dict[str, Any]:
    """Return path and fields of a message. Raises DraftRefused."""
    if request.content_type != "application/json" or len(request.body) > _LONGEST_MESSAGE:
        raise DraftRefused()
    try:
        message = json.loads(request.body)
        path, fields = message["path"], message["fields"]
    except (ValueError, RecursionError, TypeError, KeyError):
        raise DraftRefused() from None
    if not isinstance(path, str) or not isinstance(fields, dict):
        raise DraftRefused()
    if not all(_is_texts(values) for values in fields.values()):
        raise DraftRefused()
    return {"path": path, "fields": fields}


def _is_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
