"""The certificate counter: find certificates, see one with every job, suspend, print a letter."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from approvals.queries.impact import impact_of
from approvals.views.panels import add_error
from branch_ops import operations
from branch_ops.forms.counter import HolderForm, ReasonForm, SearchForm
from branch_ops.permissions import CounterPermission
from branch_ops.queries import counter
from branch_ops.queries.certificate import certificate_detail, events_of, fees_of
from branch_ops.queries.jobs import PERMISSIONS, Job, why_not
from branch_ops.views.counter_panels import (
    card_items,
    certificate_items,
    job_groups,
    letter_checks,
    letter_facts,
    next_step,
    scope_items,
)
from branch_ops.views.refusals import write_down
from certificates import operations as certificates
from certificates.states import CertificateState
from identity.permissions import PersonRequest, can, requires
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken


@requires(CounterPermission.INQUIRE)
@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Find certificates by company, holder, number and state (CERT-7)."""
    form = SearchForm(request.GET)
    sought = form.sought()
    after = form.cleaned_data.get("after", "") if form.is_valid() else ""
    found = counter.find_certificates(request.user, sought, cursor=after)
    here = reverse("counter:certificates")
    wanted = {name: getattr(sought, name) for name in sought.__slots__ if getattr(sought, name)}
    page = {
        "form": form,
        "filtered": not sought.anything,
        "clear_url": here,
        "apply_url": (
            reverse("counter:people") if can(request.user, PERMISSIONS[Job.APPLICATION]) else ""
        ),
        "rows": [(reverse("counter:certificate", args=[row.id]), row) for row in found.rows],
        "found": found.found,
        "more": found.more,
        "paging": {
            "first_url": f"{here}?{urlencode(wanted)}" if after else "",
            "previous_url": "",
            "next_url": (
                f"{here}?{urlencode({**wanted, 'after': found.cursor})}" if found.cursor else ""
            ),
        },
    }
    return render(request, "branch_ops/counter/certificates.html", {"page": page})


@requires(PERMISSIONS[Job.APPLICATION])
@require_GET
def people(request: PersonRequest) -> HttpResponse:
    """Find the person a certificate is to be applied for."""
    form = HolderForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    company, holder = data.get("company", "").strip(), data.get("holder", "").strip()
    asked = bool(company or holder)
    rows = counter.find_holders(request.user, company=company, holder=holder) if asked else []
    page = {
        "form": form,
        "asked": asked,
        "cancel_url": reverse("counter:certificates"),
        "rows": [
            {
                "row": row,
                "apply_url": ""
                if row.waiting
                else reverse("counter:application", args=[row.number]),
                "certificate_url": (
                    reverse("counter:certificate", args=[row.certificate_id])
                    if row.certificate_id
                    else ""
                ),
            }
            for row in rows
        ],
        "bounded": len(rows) == counter.PEOPLE_MOST,
    }
    return render(request, "branch_ops/counter/people.html", {"page": page})


@requires(CounterPermission.INQUIRE)
@require_GET
def certificate(request: PersonRequest, certificate_id: int) -> HttpResponse:
    """Show one certificate with the counter's jobs, each a way on or why not (CERT-7)."""
    found = certificate_detail(request.user, certificate_id)
    facts = letter_facts(request, found)
    page: dict[str, Any] = {
        "found": found,
        "back_url": reverse("counter:certificates"),
        "items": certificate_items(found),
        "scope": scope_items(found),
        "card": card_items(found),
        "pending_url": (
            reverse("approvals:request", args=[found.pending]) if found.pending else ""
        ),
        "next": next_step(found, facts),
        "groups": job_groups(request, found, facts),
        "fees": fees_of(request.user, found.target),
        "letters": found.letters,
        "events": events_of(found.id),
    }
    return render(request, "branch_ops/counter/certificate.html", {"page": page})


@requires(PERMISSIONS[Job.SUSPENSION])
@require_http_methods(["GET", "POST"])
def suspension(request: PersonRequest, certificate_id: int) -> HttpResponse:
    """Show what a suspension would stop, then suspend at once (CERT-3, CERT-9)."""
    now = clock.now()
    found = certificate_detail(request.user, certificate_id)
    back = reverse("counter:certificate", args=[certificate_id])
    form = ReasonForm(request.POST or None, initial={"idempotency_key": ids.token()})
    status = 200
    if request.method == "POST":
        if form.is_valid():
            try:
                state = certificates.suspend(
                    serial_number=found.serial_number, actor=request.user, now=now,
                    reason=form.cleaned_data["reason"],
                )  # fmt: skip
                messages.success(request, _done(state))
                return HttpResponseRedirect(back)
            except (RuleBroken, Conflict) as error:
                write_down(request, found.target, error)
                found = certificate_detail(request.user, certificate_id)
                add_error(form, error)
        status = 422
    page = {
        "title": _("Suspend a certificate"),
        "back_url": back,
        "cancel_url": back,
        "items": certificate_items(found),
        "why_not": why_not(
            Job.SUSPENSION, found, actor=request.user, letter=letter_facts(request, found)
        ),
        "is_last": found.is_last_suspension,
        "impact": impact_of(found.holder.id, now=now),
        "notes": [
            _("It counts from this moment on, for everybody who reads the revocation list."),
            _("Lifting it takes a maker, a checker, a new letter and the holder's card."),
            _("It can be lifted twice. The third suspension is for ever."),
        ],
        "submit_label": _("Suspend for ever") if found.is_last_suspension else _("Suspend now"),
        "tone": "bad",
    }
    return render(
        request, "branch_ops/counter/form.html", {"page": page, "form": form}, status=status
    )


@requires(PERMISSIONS[Job.LETTER])
@require_http_methods(["GET", "POST"])
def letter(request: PersonRequest, certificate_id: int) -> HttpResponse:
    """Show what stands before the printing of a letter; print it, once (CERT-1)."""
    if request.method == "GET":
        return _letter_page(request, certificate_id)
    try:
        printed = operations.print_letter(
            certificate_id=certificate_id, actor=request.user, now=clock.now()
        )
    except (RuleBroken, Conflict) as error:
        write_down(request, f"certificate:{certificate_id}", error)
        return _letter_page(request, certificate_id, error)
    # No cache and no disk of ours ever holds it; the reader prints what the browser shows.
    answer = HttpResponse(printed.pdf, content_type="application/pdf")
    answer.headers["Cache-Control"] = "no-store, private"
    answer.headers["Content-Disposition"] = 'inline; filename="letter.pdf"'
    return answer


def _letter_page(
    request: PersonRequest, certificate_id: int, error: RuleBroken | Conflict | None = None
) -> HttpResponse:
    found = certificate_detail(request.user, certificate_id)
    facts = letter_facts(request, found)
    page = {
        "back_url": reverse("counter:certificate", args=[certificate_id]),
        "alert": str(error) if error else "",
        "items": certificate_items(found),
        "letter": found.open_letter,
        "checks": letter_checks(facts),
        "fees": fees_of(request.user, found.target),
        "why_not": why_not(Job.LETTER, found, actor=request.user, letter=facts),
    }
    status = error.status if error else 200
    return render(request, "branch_ops/counter/letter.html", {"page": page}, status=status)


def _done(state: str) -> str:
    if state == CertificateState.REVOKED:
        return _("This was the third suspension: the certificate is revoked for ever.")
    return _("The certificate is suspended. The revocation list says so already.")
