"""Show: the inbox, one request, what came of an act, the evidence."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from approvals import operations
from approvals.errors import SignatureNotFound
from approvals.forms import FilterForm
from approvals.permissions import Permission
from approvals.queries.cases import visible_request
from approvals.queries.inbox import Listing, Row, Tab, listing, totals, waiting_count
from approvals.states import RequestState
from approvals.views.panels import DecisionPage, Failure, Item
from certificates import queries as certificates
from certificates.formats.evidence import pack
from identity.permissions import PersonRequest, requires
from kernel import clock

TABS = (Tab.WAITING, Tab.MINE, Tab.ALL, Tab.DECIDED)


@requires(Permission.VIEW)
@require_GET
def inbox(request: PersonRequest) -> HttpResponse:
    """Show one view of the inbox with its filters in the address."""
    now = clock.now()
    form = FilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    tab = Tab(wanted.get("tab") or Tab.WAITING)
    text, state = wanted.get("text", ""), wanted.get("state", "")
    found = listing(
        request.user, tab, text=text, state=state, cursor=wanted.get("after", ""), now=now
    )
    waiting = waiting_count(request.user, now=now)
    page = {
        "tabs": [_tab(one, tab, waiting) for one in TABS],
        "tab": str(tab),
        "tab_label": _tab_label(tab),
        "form": form,
        "filtered": bool(text or state),
        "clear_url": _inbox_url(tab=tab),
        "totals": totals(found.rows),
        "rows": [list_row(row) for row in found.rows],
        "paging": _paging(found, tab, text, state, bool(wanted.get("after"))),
        "export_urls": [],
    }
    return render(request, "approvals/inbox.html", {"page": page})


@requires(Permission.VIEW)
@require_GET
def request_detail(request: PersonRequest, reference: str) -> HttpResponse:
    """Show the decision page of one request."""
    return show_request(request, reference, now=clock.now())


def show_request(
    request: PersonRequest, reference: str, *, now: datetime, failure: Failure | None = None
) -> HttpResponse:
    """Render the decision page, with what stopped an act where one was tried."""
    page = DecisionPage(request, reference, now, failure)
    status = 200
    if failure is not None:
        status = failure.error.status if failure.error else 422
    # Acts have addresses of their own, which cannot be opened: choosing a language leads here.
    here = reverse("approvals:request", args=[reference])
    return render(request, "approvals/request.html", {"page": page, "here": here}, status=status)


@requires(Permission.VIEW)
@require_GET
def confirm(request: PersonRequest, reference: str) -> HttpResponse:
    """Show what came of an act: the number, where the request stands, what is next."""
    now = clock.now()
    page = DecisionPage(request, reference, now)
    waiting = listing(request.user, Tab.WAITING, limit=1, now=now)
    count = waiting_count(request.user, now=now) if waiting.rows else 0
    shown = {
        "title": _title(page),
        "tone": "good" if page.state in (RequestState.PENDING, RequestState.RELEASED) else "info",
        "reference": page.reference,
        "kind_label": page.kind_label,
        "amount": page.amount,
        "amount_words": page.amount_words,
        "facts": [*page.what, *page.source, *page.timing, *_codes(page)],
        "next_steps": _next_steps(page),
        "path": page.path,
        "request_url": reverse("approvals:request", args=[reference]),
        "next_waiting_url": _request_url(waiting.rows[0].reference) if waiting.rows else "",
        "waiting_count": count,
    }
    return render(request, "approvals/confirm.html", {"page": shown})


@requires(Permission.VIEW)
@require_GET
def evidence(request: PersonRequest, reference: str) -> HttpResponse:
    """Give all that proves a request's decisions, and how to verify it (SIGN-4)."""
    now = clock.now()
    found = visible_request(request.user, reference, now=now)
    content = pack(operations.evidence(reference=found.reference, now=now), made_at=now)
    return _download(content, f"{found.reference}-evidence.zip", "application/zip")


@requires(Permission.VIEW)
@require_GET
def signature(request: PersonRequest, reference: str, number: int) -> HttpResponse:
    """Give one signature of a request as a detached CMS file."""
    found = visible_request(request.user, reference, now=clock.now())
    for one in certificates.signatures_of(found.reference):
        if one.id == number:
            name = f"{found.reference}-{one.action}-{one.id}.p7s"
            return _download(one.cms, name, "application/pkcs7-signature")
    raise SignatureNotFound()


def _download(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _tab_label(tab: Tab) -> str:
    return {
        Tab.WAITING: _("Waiting for me"),
        Tab.MINE: _("Made by me"),
        Tab.ALL: _("All"),
        Tab.DECIDED: _("Decided by me"),
    }[tab]


def _tab(tab: Tab, current: Tab, waiting: int) -> dict[str, object]:
    count: object = None
    if tab == Tab.WAITING and waiting:
        count = "99+" if waiting > 99 else waiting
    return {
        "label": _tab_label(tab), "url": _inbox_url(tab=tab), "count": count,
        "current": tab == current,
    }  # fmt: skip


def _inbox_url(**query: str) -> str:
    return reverse("approvals:inbox") + "?" + urlencode({k: v for k, v in query.items() if v})


def _request_url(reference: str) -> str:
    return reverse("approvals:request", args=[reference])


def list_row(row: Row) -> dict[str, object]:
    """Return a request of a list with its address."""
    shown = {name: getattr(row, name) for name in row.__slots__}
    return {**shown, "url": _request_url(str(shown["reference"])), "value_date": shown["deadline"]}


def _paging(found: Listing, tab: Tab, text: str, state: str, later: bool) -> dict[str, str]:
    query = {"tab": str(tab), "text": text, "state": state}
    return {
        "first_url": _inbox_url(**query) if later else "",
        "previous_url": "",
        "next_url": _inbox_url(**query, after=found.next_cursor) if found.next_cursor else "",
    }


def _title(page: DecisionPage) -> str:
    if page.state == RequestState.PENDING and page.is_editor:
        return _("Submitted for review")
    return {
        RequestState.PENDING: _("Done: on its way to the next stage"),
        RequestState.RELEASED: _("Released"),
        RequestState.RETURNED: _("Returned for repair"),
        RequestState.REJECTED: _("Rejected"),
        RequestState.WITHDRAWN: _("Withdrawn"),
    }.get(page.state, _("Done"))


def _next_steps(page: DecisionPage) -> list[str]:
    if page.state == RequestState.PENDING:
        waiting = next((step for step in page.path if step.status == "current"), None)
        names = "、".join(person.name for person in waiting.people) if waiting else ""
        steps = []
        if waiting and names:
            values = {"stage": waiting.label, "names": names}
            steps.append(_("Next: %(stage)s by %(names)s. They have been told.") % values)
        return [*steps, *page.after]
    texts = {
        RequestState.RELEASED: page.outcome,
        RequestState.RETURNED: _("The maker has been told and can edit it as a new revision."),
        RequestState.REJECTED: _("The maker has been told. What was reserved is free again."),
        RequestState.WITHDRAWN: _("What was reserved is free again. Nothing was done."),
    }
    return [texts[page.state]] if page.state in texts else []


def _codes(page: DecisionPage) -> list[Item]:
    return [Item(_("Short code"), page.short_code)] if page.short_code else []
