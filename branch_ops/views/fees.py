"""The pages of fees: find one, take it, propose to waive or refund it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals import operations as approvals
from approvals.queries.proposals import content_of
from approvals.views.panels import add_error
from branch_ops import operations
from branch_ops.forms.stock import CollectForm, FeeFilterForm, ReasonForm
from branch_ops.permissions import FeePermission
from branch_ops.queries import fee_pages, history
from branch_ops.queries.fee_pages import FeeDetail, fee_key
from branch_ops.render import event_word, who
from branch_ops.states import FeeState
from branch_ops.subjects.fees import fee_content
from branch_ops.views.refusals import EDITING, write_down
from identity.permissions import PersonRequest, can, requires
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken

WAIVER, REFUND = "fees.waiver", "fees.refund"
TO = {WAIVER: FeeState.WAIVED, REFUND: FeeState.REFUNDED}


@requires(FeePermission.INQUIRE)
@require_GET
def items(request: PersonRequest) -> HttpResponse:
    """Find fees by company and state (FEE-1)."""
    form = FeeFilterForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    wanted = {name: data.get(name, "").strip() for name in ("text", "state")}
    after = data.get("after", "")
    found = fee_pages.find_fees(request.user, **wanted, cursor=after)
    here = reverse("fees:items")
    page = {
        "form": form,
        "filtered": any(wanted.values()),
        "clear_url": here,
        "rows": [(reverse("fees:item", args=[row.id]), row) for row in found.rows],
        "paging": paging(here, wanted, after, found.cursor),
    }
    return render(request, "branch_ops/fees/items.html", {"page": page})


@requires(FeePermission.INQUIRE)
@require_GET
def item(request: PersonRequest, fee_id: int) -> HttpResponse:
    """Show one fee, what can be done with it, and what was."""
    return _page(request, fee_pages.fee_detail(request.user, fee_id))


@requires(FeePermission.COLLECT)
@require_POST
def collect(request: PersonRequest, fee_id: int) -> HttpResponse:
    """Take a fee from the account or at the counter, once."""
    fee = fee_pages.fee_detail(request.user, fee_id)
    form = CollectForm(request.POST, account=fee.account)
    if form.is_valid():
        try:
            operations.collect(
                item_id=fee_id, from_=form.cleaned_data["from_"],
                receipt_number=form.cleaned_data["receipt_number"], actor=request.user,
                form_key=form.cleaned_data["idempotency_key"], now=clock.now(),
            )  # fmt: skip
            messages.success(request, _("The fee is paid."))
            return HttpResponseRedirect(reverse("fees:item", args=[fee_id]))
        except (RuleBroken, Conflict) as error:
            write_down(request, fee_key(fee_id), error)
            fee = fee_pages.fee_detail(request.user, fee_id)
            add_error(form, error)
    return _page(request, fee, collect_form=form, status=422)


@requires(FeePermission.PROPOSE_WAIVER)
@require_POST
def waiver(request: PersonRequest, fee_id: int) -> HttpResponse:
    """Propose to let a fee go."""
    return _propose(request, fee_id, WAIVER)


@requires(FeePermission.PROPOSE_REFUND)
@require_POST
def refund(request: PersonRequest, fee_id: int) -> HttpResponse:
    """Propose to give a fee back."""
    return _propose(request, fee_id, REFUND)


@requires(FeePermission.INQUIRE)
@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Change the reason of a proposal that was not submitted or came back."""
    now = clock.now()
    return edit_reason(request, reference, _("Fees"), reverse("fees:items"), now=now)


def edit_reason(
    request: PersonRequest, reference: str, list_name: str, list_url: str, *, now: datetime
) -> HttpResponse:
    """Show and take the reason of a proposal; the rest of it stands."""
    content = content_of(request.user, reference, now=now)
    back = reverse("approvals:request", args=[reference])
    initial = {"idempotency_key": ids.token(), "reason": content["reason"]}
    form = ReasonForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            approvals.amend(
                actor=request.user, reference=reference,
                content={**content, "reason": form.cleaned_data["reason"]},
                form_key=form.cleaned_data["idempotency_key"], now=now,
            )  # fmt: skip
            return HttpResponseRedirect(back)
        except (RuleBroken, Conflict) as error:
            write_down(request, f"request:{reference}", error, event=EDITING)
            add_error(form, error)
    page = {
        "title": _("Edit request %(reference)s") % {"reference": reference},
        "list_name": list_name,
        "list_url": list_url,
        "cancel_url": back,
    }
    status = 422 if form.errors else 200
    context = {"page": page, "form": form}
    return render(request, "branch_ops/reason.html", context, status=status)


def paging(here: str, wanted: dict[str, str], after: str, cursor: str) -> dict[str, str]:
    """Return the addresses of a list's pages with its filters in them."""
    kept = {name: value for name, value in wanted.items() if value}
    return {
        "first_url": f"{here}?{urlencode(kept)}" if after else "",
        "previous_url": "",
        "next_url": f"{here}?{urlencode({**kept, 'after': cursor})}" if cursor else "",
    }


def moment(at: datetime | None) -> str:
    """Return a moment in the bank's own time, empty text where there is none."""
    return f"{at.astimezone(clock.TAIPEI):%Y-%m-%d %H:%M}" if at is not None else ""


def reason_act(
    label: str, url: str, *, verb: str, explain: str, form: forms.Form | None, bad: bool = False
) -> dict[str, Any]:
    """Return an act that asks for a reason, as includes/reason_act.html shows it."""
    key = ids.token()
    return {
        "verb": verb,
        "label": label,
        "url": url,
        "enabled": True,
        "why_not": "",
        "explain": explain,
        "form": form or ReasonForm(initial={"idempotency_key": key}, auto_id=f"id_{verb}_%s"),
        "idempotency_key": key,
        "revision": 0,
        "tone": "bad" if bad else "",
        "sign": None,
    }


def _propose(request: PersonRequest, fee_id: int, kind: str) -> HttpResponse:
    fee = fee_pages.fee_detail(request.user, fee_id)
    form = ReasonForm(request.POST, auto_id=f"id_{kind}_%s")
    if form.is_valid():
        try:
            reference = approvals.propose(
                actor=request.user, kind=kind, subject_key=fee_key(fee_id),
                content=fee_content(fee, to=TO[kind], reason=form.cleaned_data["reason"]),
                form_key=form.cleaned_data["idempotency_key"], now=clock.now(),
            )  # fmt: skip
            return HttpResponseRedirect(reverse("approvals:request", args=[reference]))
        except (RuleBroken, Conflict) as error:
            write_down(request, fee_key(fee_id), error)
            fee = fee_pages.fee_detail(request.user, fee_id)
            add_error(form, error)
    return _page(request, fee, reasons={kind: form}, status=422)


def _page(
    request: PersonRequest,
    fee: FeeDetail,
    *,
    collect_form: CollectForm | None = None,
    reasons: dict[str, ReasonForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    row, pending = fee.row, fee.row.pending
    may_collect = fee.state == FeeState.DUE and can(request.user, FeePermission.COLLECT)
    key = {"idempotency_key": ids.token()}
    page = {
        "fee": fee,
        "back_url": reverse("fees:items"),
        "items": _facts(fee),
        "collect_url": reverse("fees:collect", args=[row.id]) if may_collect else "",
        "acts": _acts(request, fee, reasons or {}) if not pending else [],
        "pending": pending,
        "pending_url": reverse("approvals:request", args=[pending]) if pending else "",
        "history": [
            (line, event_word(line.event), who(line.actor)) for line in history(f"fee:{row.id}")
        ],
    }
    form = collect_form
    if form is None and may_collect:
        form = CollectForm(account=fee.account, initial=key)
    failed = next((found for found in (collect_form, *(reasons or {}).values()) if found), None)
    context = {"page": page, "collect_form": form if may_collect else None, "form": failed}
    return render(request, "branch_ops/fees/item.html", context, status=status)


def _facts(fee: FeeDetail) -> list[dict[str, Any]]:
    row = fee.row
    shown: list[tuple[str, Any, bool]] = [
        (_("Company"), f"{row.company_code} {row.company_name}", False),
        (_("Fee"), row.label, False),
        (_("Holder"), row.holder_name, False),
        (_("Charged"), moment(row.charged_at), True),
        (_("Paid from"), fee.paid_from, False),
        (_("Receipt number"), fee.receipt_number, True),
        (_("Posting"), fee.posting_reference, True),
        (_("Settled"), moment(row.settled_at), True),
        (_("Request for the waiver"), fee.waiver_reference, True),
        (_("Refunded"), moment(fee.refunded_at), True),
        (_("Request for the refund"), fee.refund_reference, True),
    ]
    return [
        {"label": label, "value": value, "is_number": number, "before": None}
        for label, value, number in shown
        if value
    ]


def _acts(
    request: PersonRequest, fee: FeeDetail, forms_: dict[str, ReasonForm]
) -> list[dict[str, Any]]:
    acts = []
    if fee.state == FeeState.DUE and can(request.user, FeePermission.PROPOSE_WAIVER):
        url = reverse("fees:waiver", args=[fee.row.id])
        explain = _("A second person releases it; then the fee is never taken.")
        acts.append(
            reason_act(
                _("Propose a waiver"),
                url,
                verb="waiver",
                explain=explain,
                form=forms_.get(WAIVER),
            )
        )
    if fee.state == FeeState.PAID and can(request.user, FeePermission.PROPOSE_REFUND):
        url = reverse("fees:refund", args=[fee.row.id])
        explain = _("A second person releases it; then the money goes back the way it came.")
        acts.append(
            reason_act(
                _("Propose a refund"),
                url,
                verb="refund",
                explain=explain,
                form=forms_.get(REFUND),
            )
        )
    return acts
