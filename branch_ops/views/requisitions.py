"""The pages of requisitions: ask the unit above for equipment, and send what was asked for."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals.views.panels import add_error
from branch_ops import operations
from branch_ops.forms.stock import (
    FulfilForm,
    KeyForm,
    ReasonForm,
    RequisitionFilterForm,
    RequisitionForm,
)
from branch_ops.permissions import EquipmentPermission
from branch_ops.queries.equipment import balance
from branch_ops.queries.requisition_pages import (
    RequisitionRow,
    find_requisitions,
    requisition_detail,
    sent_with,
)
from branch_ops.states import RequisitionState
from branch_ops.views.equipment import form_page
from branch_ops.views.fees import moment, paging, reason_act
from branch_ops.views.refusals import write_down
from identity.permissions import PersonRequest, can, requires
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken


@requires(EquipmentPermission.INQUIRE)
@require_GET
def listing(request: PersonRequest) -> HttpResponse:
    """Show what units asked for, newest first."""
    form = RequisitionFilterForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    wanted, after = {"state": data.get("state", "")}, data.get("after", "")
    rows, cursor = find_requisitions(request.user, **wanted, cursor=after)
    here = reverse("equipment:requisitions")
    page = {
        "form": form,
        "filtered": any(wanted.values()),
        "clear_url": here,
        "ask_url": reverse("equipment:ask") if _may_ask(request) else "",
        "rows": [(reverse("equipment:requisition", args=[row.number]), row) for row in rows],
        "paging": paging(here, wanted, after, cursor),
    }
    return render(request, "branch_ops/equipment/requisitions.html", {"page": page})


@requires(EquipmentPermission.REQUISITION)
@require_http_methods(["GET", "POST"])
def ask(request: PersonRequest) -> HttpResponse:
    """Ask the unit above for items of a kind."""
    form = RequisitionForm(request.POST or None, initial={"idempotency_key": ids.token()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            number = operations.requisition(
                kind=data["kind"], quantity=data["quantity"], actor=request.user,
                form_key=data["idempotency_key"], now=clock.now(),
            )  # fmt: skip
            messages.success(request, _("Head office sees your requisition now."))
            return HttpResponseRedirect(reverse("equipment:requisition", args=[number]))
        except (RuleBroken, Conflict) as error:
            write_down(request, "page:equipment:ask", error)
            add_error(form, error)
    notes = [_("Head office sends it or says why not; then it is in your stock at once.")]
    return form_page(request, form, _("Ask head office for equipment"), _("Ask"), notes)


@requires(EquipmentPermission.INQUIRE)
@require_GET
def requisition(request: PersonRequest, number: str) -> HttpResponse:
    """Show one requisition and what can be done with it."""
    return _page(request, requisition_detail(request.user, number))


@requires(EquipmentPermission.FULFIL)
@require_POST
def fulfil(request: PersonRequest, number: str) -> HttpResponse:
    """Send what was asked for."""
    found = requisition_detail(request.user, number)
    form = FulfilForm(request.POST)
    if form.is_valid():
        try:
            operations.fulfil(
                number=number, first=form.cleaned_data["first"], actor=request.user,
                form_key=form.cleaned_data["idempotency_key"], now=clock.now(),
            )  # fmt: skip
            messages.success(request, _("The items are sent."))
            return HttpResponseRedirect(reverse("equipment:requisition", args=[number]))
        except (RuleBroken, Conflict) as error:
            write_down(request, f"requisition:{number}", error)
            found = requisition_detail(request.user, number)
            add_error(form, error)
    return _page(request, found, fulfil_form=form, status=422)


@requires(EquipmentPermission.FULFIL)
@require_POST
def decline(request: PersonRequest, number: str) -> HttpResponse:
    """Say why nothing is sent."""
    found = requisition_detail(request.user, number)
    form = ReasonForm(request.POST, auto_id="id_decline_%s")
    if form.is_valid():
        try:
            operations.decline(
                number=number, reason=form.cleaned_data["reason"], actor=request.user,
                now=clock.now(),
            )  # fmt: skip
            return HttpResponseRedirect(reverse("equipment:requisition", args=[number]))
        except (RuleBroken, Conflict) as error:
            write_down(request, f"requisition:{number}", error)
            found = requisition_detail(request.user, number)
            add_error(form, error)
    return _page(request, found, decline_form=form, status=422)


@requires(EquipmentPermission.REQUISITION)
@require_POST
def withdraw(request: PersonRequest, number: str) -> HttpResponse:
    """Take a requisition back."""
    operations.withdraw(number=number, actor=request.user, now=clock.now())
    return HttpResponseRedirect(reverse("equipment:requisition", args=[number]))


def _may_ask(request: PersonRequest) -> bool:
    unit = request.user.unit
    supplied = unit is not None and unit.parent_id is not None
    return supplied and can(request.user, EquipmentPermission.REQUISITION)


def _page(
    request: PersonRequest,
    found: RequisitionRow,
    *,
    fulfil_form: FulfilForm | None = None,
    decline_form: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    is_open = found.state == RequisitionState.OPEN
    supplies = found.supplier_id == request.user.unit_id
    may_fulfil = is_open and supplies and can(request.user, EquipmentPermission.FULFIL)
    may_withdraw = (
        is_open
        and found.unit_id == request.user.unit_id
        and can(request.user, EquipmentPermission.REQUISITION)
    )
    serials = sent_with(found.number) if found.state == RequisitionState.FULFILLED else []
    here = [found.number]
    page = {
        "found": found,
        "back_url": reverse("equipment:requisitions"),
        "items": _facts(found),
        "fulfil_url": reverse("equipment:fulfil", args=here) if may_fulfil else "",
        "available": balance(found.supplier_id, found.kind) if may_fulfil else 0,
        "decline": _decline(found, decline_form) if may_fulfil else None,
        "withdraw_url": reverse("equipment:withdraw", args=here) if may_withdraw else "",
        "serials": [(reverse("equipment:item", args=[serial]), serial) for serial in serials],
    }
    context: dict[str, Any] = {
        "page": page,
        "fulfil_form": fulfil_form or FulfilForm(initial={"idempotency_key": ids.token()}),
        "withdraw_form": KeyForm(initial={"idempotency_key": ids.token()}),
        "form": fulfil_form or decline_form,
    }
    return render(request, "branch_ops/equipment/requisition.html", context, status=status)


def _decline(found: RequisitionRow, form: ReasonForm | None) -> dict[str, Any]:
    return reason_act(
        _("Decline"), reverse("equipment:decline", args=[found.number]), verb="decline",
        explain=_("The unit reads your reason."), form=form, bad=True,
    )  # fmt: skip


def _facts(found: RequisitionRow) -> list[dict[str, Any]]:
    shown: list[tuple[str, str, bool]] = [
        (_("Item"), found.kind_label, False),
        (_("How many"), str(found.quantity), True),
        (_("Unit"), found.unit_name, False),
        (_("Unit that supplies"), found.supplier_name, False),
        (_("Asked for"), f"{moment(found.requested_at)} {found.requested_by}", True),
        (_("Dealt with"), f"{moment(found.ended_at)} {found.ended_by}".strip(), True),
        (_("Reason"), found.reason, False),
    ]
    return [
        {"label": label, "value": value, "is_number": number, "before": None}
        for label, value, number in shown
        if value
    ]
