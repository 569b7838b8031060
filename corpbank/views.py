"""What belongs to no room: health, policy reports, the pages of last resort."""

from __future__ import annotations

import json

import structlog
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from identity.permissions import public

log = structlog.get_logger("corpbank.csp")
MOST_REPORT_BYTES = 8192


@public
@require_GET
def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return JsonResponse({"live": True})


@public
@require_GET
def ready(request: HttpRequest) -> HttpResponse:
    """Say that the database answers too; 503 where it does not is the middleware's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"ready": True})


@public
@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """Write down what a browser refused because of the content security policy."""
    body = request.read(MOST_REPORT_BYTES)
    try:
        report = json.loads(body).get("csp-report", {})
        log.warning(
            "csp.violation",
            directive=str(report.get("violated-directive", ""))[:80],
            page=str(report.get("document-uri", ""))[:200],
        )
    except (ValueError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    return HttpResponse(status=204)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show our own page for requests that cannot be read: too large, another host, broken."""
    return render(request, "errors/400.html", {"error": _error(request)}, status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show our own page for what Django refuses."""
    return render(request, "errors/403.html", {"error": _error(request)}, status=403)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Show our own page for forms that did not come from a page of ours, or came too late."""
    return render(request, "errors/403.html", {"error": _error(request)}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Show our own page for addresses that lead nowhere."""
    return render(request, "errors/404.html", {"error": _error(request)}, status=404)


def broken(request: HttpRequest) -> HttpResponse:
    """Show our own page when something broke, with the number under which it was logged."""
    return render(request, "errors/500.html", {"error": _error(request)}, status=500)


def _error(request: HttpRequest) -> dict[str, str]:
    return {"number": getattr(request, "number", "")}
