"""What everybody reads at the doors of both sites: bulletin, downloads, contact (KEY-3)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language, gettext as _, gettext_lazy
from django.views.decorators.http import require_GET

from alerts import queries as alerts
from identity.permissions import public
from kernel import clock

MOST_AT_THE_DOOR = 4
CACHED_SECONDS = 3600
OCTETS_PER_KB = 1024
KINDS = {
    "MANUAL": gettext_lazy("Manuals"),
    "FORM": gettext_lazy("Forms"),
    "AGREEMENT": gettext_lazy("Agreements"),
}


def door_page(request: HttpRequest) -> dict[str, Any]:
    """Return what stands beside the sign-in form: news, files by kind, how to reach the bank."""
    language, site = get_language(), settings.SITE
    shown = alerts.sign_in_notices(language, now=clock.now(), limit=MOST_AT_THE_DOOR + 1)
    return {
        "bulletin": [_news(news) for news in shown[:MOST_AT_THE_DOOR]],
        "more_news_url": reverse(f"{site}:bulletins") if len(shown) > MOST_AT_THE_DOOR else "",
        "downloads": _downloads(language),
        "contact": _contact(language),
    }


@public
@require_GET
def bulletins(request: HttpRequest, *, template: str) -> HttpResponse:
    """Show all of today's news."""
    shown = alerts.sign_in_notices(get_language(), now=clock.now())
    page = {"bulletin": [_news(news) for news in shown]}
    return render(request, template, {"page": page})


@public
@require_GET
def bulletin(request: HttpRequest, number: int, *, template: str) -> HttpResponse:
    """Show one piece of today's news whole."""
    news = alerts.notice(number, get_language(), now=clock.now())
    return render(request, template, {"page": {"news": _news(news)}})


@public
@require_GET
def download(request: HttpRequest, sha256: str) -> HttpResponse:
    """Hand one of the bank's files out, named by its bytes; never to be shown as a page.

    Caches keep it for an hour: what is withdrawn is gone by then.
    """
    file = alerts.publication(sha256)
    return HttpResponse(
        file.content,
        content_type=file.media_type,
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=file.name
            )
            or "attachment",
            "Cache-Control": f"public, max-age={CACHED_SECONDS}",
            "X-Content-Type-Options": "nosniff",
        },
    )


def _news(news: alerts.News) -> dict[str, Any]:
    site = settings.SITE
    return {
        "title": news.title,
        "date": news.date,
        "text": news.text,
        "is_pinned": news.is_pinned,
        "url": reverse(f"{site}:bulletin", args=[news.id]),
        "file_url": reverse(f"{site}:download", args=[news.file]) if news.file else "",
    }


def _downloads(language: str) -> list[dict[str, Any]]:
    """Return the files by kind, in the order the kinds are shown in."""
    files = alerts.publications(language)
    return [
        {
            "label": label,
            "files": [
                {
                    "title": file.title,
                    "url": reverse(f"{settings.SITE}:download", args=[file.sha256]),
                    "kind": file.ending.upper(),
                    "kilobytes": -(-file.size // OCTETS_PER_KB),
                }
                for file in files
                if file.kind == kind
            ],
        }
        for kind, label in KINDS.items()
        if any(file.kind == kind for file in files)
    ]


def _contact(language: str) -> list[dict[str, str]]:
    lines = alerts.contact_lines(language)
    if lines:
        return [{"label": line.label, "value": line.value} for line in lines]
    return [
        {"label": _("Customer service"), "value": settings.BANK_SERVICE_PHONE},
        {"label": _("E-mail"), "value": settings.BANK_SERVICE_EMAIL},
    ]
