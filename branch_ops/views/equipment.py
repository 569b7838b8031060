"""The pages of equipment: stock, items with their history, deliveries, giving out, movements."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals import operations as approvals
from approvals.views.panels import add_error
from branch_ops import operations
from branch_ops.forms.stock import (
    DeliveryForm,
    IssueForm,
    ItemFilterForm,
    MovementFilterForm,
    ReasonForm,
)
from branch_ops.permissions import CounterPermission, EquipmentPermission
from branch_ops.queries import stock_pages
from branch_ops.queries.requisition_pages import find_requisitions
from branch_ops.queries.stock_pages import CardEvent, ItemDetail, item_key
from branch_ops.render.counter import CERTIFICATE_VERBS
from branch_ops.states import EquipmentKind, Place, RequisitionState
from branch_ops.subjects.equipment import write_off_content
from branch_ops.views.fees import edit_reason, moment, paging, reason_act
from branch_ops.views.refusals import write_down
from identity.permissions import PersonRequest, can, requires
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken

WRITE_OFF = "equipment.write_off"


@requires(EquipmentPermission.INQUIRE)
@require_GET
def stock(request: PersonRequest) -> HttpResponse:
    """Show what each unit has of each kind, and the requisitions that wait (EQP-1)."""
    form = ItemFilterForm(request.GET)
    waiting, _more = find_requisitions(request.user, state=RequisitionState.OPEN, cursor="")
    listed = reverse("equipment:items")
    page = {
        "form": form,
        "items_url": listed,
        "rows": [
            (f"{listed}?kind={line.kind}&place={Place.IN_STOCK}", line)
            for line in stock_pages.stock(request.user)
        ],
        "requisitions": [
            (reverse("equipment:requisition", args=[row.number]), row) for row in waiting
        ],
        "actions": _actions(request),
        "movements_url": reverse("equipment:movements"),
        "requisitions_url": reverse("equipment:requisitions"),
    }
    return render(request, "branch_ops/equipment/stock.html", {"page": page})


@requires(EquipmentPermission.INQUIRE)
@require_GET
def items(request: PersonRequest) -> HttpResponse:
    """Find items by serial number, kind and place."""
    form = ItemFilterForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    wanted = {name: data.get(name, "").strip() for name in ("text", "kind", "place")}
    after = data.get("after", "")
    rows, cursor = stock_pages.find_items(request.user, **wanted, cursor=after)
    here = reverse("equipment:items")
    page = {
        "form": form,
        "filtered": any(wanted.values()),
        "clear_url": here,
        "rows": [(reverse("equipment:item", args=[row.serial_number]), row) for row in rows],
        "paging": paging(here, wanted, after, cursor),
    }
    return render(request, "branch_ops/equipment/items.html", {"page": page})


@requires(EquipmentPermission.INQUIRE)
@require_GET
def movements(request: PersonRequest) -> HttpResponse:
    """Show what came, went and was used at the unit, newest first (CERT-7)."""
    form = MovementFilterForm(request.GET)
    data = form.cleaned_data if form.is_valid() else {}
    wanted = {name: data.get(name, "") for name in ("kind", "item_kind")}
    after = data.get("after", "")
    rows, cursor = stock_pages.find_movements(request.user, **wanted, cursor=after)
    here = reverse("equipment:movements")
    page = {
        "form": form,
        "filtered": any(wanted.values()),
        "clear_url": here,
        "rows": [(reverse("equipment:item", args=[row.serial_number]), row) for row in rows],
        "paging": paging(here, wanted, after, cursor),
    }
    return render(request, "branch_ops/equipment/movements.html", {"page": page})


@requires(EquipmentPermission.INQUIRE)
@require_GET
def item(request: PersonRequest, serial_number: str) -> HttpResponse:
    """Show one item: where it is, every movement, the life of a card (EQP-1)."""
    return _item_page(request, stock_pages.item_detail(request.user, serial_number))


@requires(EquipmentPermission.RETURN)
@require_POST
def return_(request: PersonRequest, serial_number: str) -> HttpResponse:
    """Take an item back from a customer."""
    return _moved(request, serial_number, "return", _("The item is back in stock."))


@requires(EquipmentPermission.RETURN)
@require_POST
def send_back(request: PersonRequest, serial_number: str) -> HttpResponse:
    """Send an item back to head office."""
    return _moved(request, serial_number, "send_back", _("The item is back at head office."))


@requires(EquipmentPermission.PROPOSE_WRITE_OFF)
@require_POST
def write_off(request: PersonRequest, serial_number: str) -> HttpResponse:
    """Propose to write an item off."""
    found = stock_pages.item_detail(request.user, serial_number)
    form = ReasonForm(request.POST, auto_id="id_write_off_%s")
    if form.is_valid():
        try:
            reference = approvals.propose(
                actor=request.user, kind=WRITE_OFF, subject_key=item_key(found.serial_number),
                content=write_off_content(found, reason=form.cleaned_data["reason"]),
                form_key=form.cleaned_data["idempotency_key"], now=clock.now(),
            )  # fmt: skip
            return HttpResponseRedirect(reverse("approvals:request", args=[reference]))
        except (RuleBroken, Conflict) as error:
            write_down(request, item_key(found.serial_number), error)
            found = stock_pages.item_detail(request.user, serial_number)
            add_error(form, error)
    return _item_page(request, found, failed=("write_off", form))


@requires(EquipmentPermission.INQUIRE)
@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Change the reason of a proposal that was not submitted or came back."""
    listed = reverse("equipment:stock")
    return edit_reason(request, reference, _("Equipment"), listed, now=clock.now())


@requires(EquipmentPermission.RECEIVE)
@require_http_methods(["GET", "POST"])
def receive(request: PersonRequest) -> HttpResponse:
    """Take a delivery in by its range of serial numbers."""
    form = DeliveryForm(request.POST or None, initial={"idempotency_key": ids.token()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            number = operations.receive(
                kind=data["kind"], first=data["first"], last=data["last"],
                reference=data["reference"], actor=request.user,
                form_key=data["idempotency_key"], now=clock.now(),
            )  # fmt: skip
            messages.success(request, _("%(number)d items are in stock.") % {"number": number})
            return HttpResponseRedirect(reverse("equipment:stock"))
        except (RuleBroken, Conflict) as error:
            write_down(request, "page:equipment:receive", error)
            add_error(form, error)
    notes = [
        _("Scan the first and the last number of the box; everything between them comes in."),
        _("At most 500 items at once, each number once for ever."),
    ]
    return form_page(request, form, _("Receive a delivery"), _("Take in"), notes)


@requires(EquipmentPermission.ISSUE)
@require_http_methods(["GET", "POST"])
def issue(request: PersonRequest) -> HttpResponse:
    """Give a card reader to a company of the branch."""
    form = IssueForm(request.POST or None, initial={"idempotency_key": ids.token()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            operations.issue(
                serial_number=data["serial_number"], company_code=data["company_code"].strip(),
                actor=request.user, form_key=data["idempotency_key"], now=clock.now(),
            )  # fmt: skip
            messages.success(request, _("The card reader is given out."))
            return HttpResponseRedirect(reverse("equipment:stock"))
        except (RuleBroken, Conflict) as error:
            write_down(request, item_key(data["serial_number"]), error)
            add_error(form, error)
    notes = [
        _("Cards go out with the application they are for, letter forms with their letter."),
    ]
    return form_page(request, form, _("Give out a card reader"), _("Give out"), notes)


def form_page(
    request: PersonRequest, form: forms.Form, title: str, verb: str, notes: list[str]
) -> HttpResponse:
    """Return a page with one form below the stock's page."""
    page = {
        "title": title,
        "verb": verb,
        "notes": notes,
        "list_name": _("Equipment"),
        "list_url": reverse("equipment:stock"),
    }
    status = 422 if form.errors else 200
    context = {"page": page, "form": form}
    return render(request, "branch_ops/equipment/form.html", context, status=status)


def _actions(request: PersonRequest) -> list[dict[str, str]]:
    ways = [
        (EquipmentPermission.REQUISITION, _("Ask head office"), "equipment:ask"),
        (EquipmentPermission.RECEIVE, _("Receive a delivery"), "equipment:receive"),
        (EquipmentPermission.ISSUE, _("Give out a card reader"), "equipment:issue"),
    ]
    unit = request.user.unit
    supplied = unit is not None and unit.parent_id is not None
    return [
        {"label": label, "url": reverse(name)}
        for permission, label, name in ways
        if can(request.user, permission) and (supplied or name != "equipment:ask")
    ]


def _moved(request: PersonRequest, serial_number: str, verb: str, done: str) -> HttpResponse:
    found = stock_pages.item_detail(request.user, serial_number)
    form = ReasonForm(request.POST, auto_id=f"id_{verb}_%s")
    act = operations.return_ if verb == "return" else operations.send_back
    if form.is_valid():
        try:
            act(
                serial_number=found.serial_number, reason=form.cleaned_data["reason"],
                actor=request.user, form_key=form.cleaned_data["idempotency_key"],
                now=clock.now(),
            )  # fmt: skip
            messages.success(request, done)
            return HttpResponseRedirect(_after(request, found))
        except (RuleBroken, Conflict) as error:
            write_down(request, item_key(found.serial_number), error)
            add_error(form, error)
    return _item_page(request, found, failed=(verb, form))


def _after(request: PersonRequest, found: ItemDetail) -> str:
    """Return where to go on: the item's page, or the stock where it is no longer ours to see."""
    if stock_pages.is_seen(request.user, found.serial_number):
        return reverse("equipment:item", args=[found.serial_number])
    return reverse("equipment:stock")


def _item_page(
    request: PersonRequest, found: ItemDetail, *, failed: tuple[str, ReasonForm] | None = None
) -> HttpResponse:
    page = {
        "found": found,
        "back_url": reverse("equipment:items"),
        "items": _facts(found),
        "acts": _acts(request, found, failed),
        "card_events": [_event(request, event) for event in found.card_events],
        "pending_url": (
            reverse("approvals:request", args=[found.pending]) if found.pending else ""
        ),
    }
    context = {"page": page, "form": failed[1] if failed else None}
    status = 422 if failed else 200
    return render(request, "branch_ops/equipment/item.html", context, status=status)


def _event(request: PersonRequest, event: CardEvent) -> tuple[str, CardEvent, str, str]:
    """Return an event of a card's certificate with its page, its words and their tone."""
    what, tone = CERTIFICATE_VERBS.get(event.verb, (event.verb, "neutral"))
    seen = can(request.user, CounterPermission.INQUIRE)
    url = reverse("counter:certificate", args=[event.certificate_id]) if seen else ""
    return url, event, str(what), tone


def _facts(found: ItemDetail) -> list[dict[str, Any]]:
    shown = [
        (_("Item"), found.kind_label, False),
        (_("Item number"), found.serial_number, True),
        (_("Unit"), found.unit_name, False),
        (_("Given to"), found.with_whom, False),
        (_("The card itself"), found.card_state, False),
        (_("First received"), moment(found.received_at), True),
    ]
    return [
        {"label": label, "value": value, "is_number": number, "before": None}
        for label, value, number in shown
        if value
    ]


def _acts(
    request: PersonRequest, found: ItemDetail, failed: tuple[str, ReasonForm] | None
) -> list[dict[str, Any]]:
    """Return what this person may do with the item where it is now."""
    own = found.unit_id == request.user.unit_id
    if not own or found.pending or found.place == Place.WRITTEN_OFF:
        return []
    unit = request.user.unit
    keeps = can(request.user, EquipmentPermission.RETURN)
    given_out = found.place == Place.GIVEN_OUT
    supplied = unit is not None and unit.parent_id is not None
    ways = []
    if keeps and given_out and found.kind != EquipmentKind.STATIONERY:
        explain = _("The item comes back into this unit's stock. A card that was used ends.")
        ways.append(("return", _("Take back"), "equipment:return", explain))
    if keeps and not given_out and supplied:
        explain = _("The item leaves this unit's stock for head office.")
        ways.append(("send_back", _("Send back to head office"), "equipment:send_back", explain))
    if can(request.user, EquipmentPermission.PROPOSE_WRITE_OFF):
        explain = _("A second person releases it; then the item is gone for good.")
        ways.append(("write_off", _("Propose writing it off"), "equipment:write_off", explain))
    typed = dict([failed]) if failed else {}
    return [
        reason_act(
            label,
            reverse(name, args=[found.serial_number]),
            verb=verb,
            explain=explain,
            form=typed.get(verb),
            bad=verb == "write_off",
        )
        for verb, label, name, explain in ways
    ]
