"""The pages of transfers and accounts."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from approvals.forms import ActForm
from approvals.states import EDITABLE, Act, RequestState
from approvals.views.pages import show_request
from approvals.views.panels import DecisionPage, Failure, add_error
from identity.permissions import PersonRequest, requires
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken
from ledger import queries as ledger
from transfers import operations
from transfers.forms import OrderFilterForm, OrderForm
from transfers.permissions import Permission
from transfers.queries import orders as order_queries, screens

MOVEMENTS = 30


@requires(Permission.INQUIRE)
@require_GET
def orders(request: PersonRequest) -> HttpResponse:
    """List the transfers this person may see."""
    form = OrderFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    text, after = wanted.get("text", ""), wanted.get("after", "")
    rows, cursor = screens.orders(request.user, text=text, cursor=after, now=clock.now())
    here = reverse("transfers:orders")
    page = {
        "new_order_url": _new_url(request),
        "form": form,
        "filtered": bool(text),
        "clear_url": here,
        "rows": [order_row(row) for row in rows],
        "paging": {
            "first_url": f"{here}?{urlencode({'text': text})}" if after else "",
            "previous_url": "",
            "next_url": f"{here}?{urlencode({'text': text, 'after': cursor})}" if cursor else "",
        },
        "export_urls": [],
    }
    return render(request, "transfers/orders.html", {"page": page})


@requires(Permission.EDIT)
@require_http_methods(["GET", "POST"])
def new(request: PersonRequest) -> HttpResponse:
    """Make a transfer; what was typed is kept as a draft and shown for checking."""
    now = clock.now()
    accounts = order_queries.accounts_to_pay_from(request.user.pk, now=now)
    if request.method == "GET":
        initial = {"idempotency_key": ids.token(), "value_date": clock.business_date(now)}
        form = OrderForm(accounts=accounts, initial=initial)
        return _form_page(request, form, accounts, _("New transfer"), reverse("transfers:orders"))
    form = OrderForm(request.POST, accounts=accounts)
    if form.is_valid():
        try:
            reference = operations.create_order(
                actor=request.user, fields=form.typed_order(),
                form_key=form.cleaned_data["idempotency_key"], now=now,
            )  # fmt: skip
            return HttpResponseRedirect(reverse("transfers:check", args=[reference]))
        except RuleBroken as error:
            add_error(form, error)
    return _form_page(
        request, form, accounts, _("New transfer"), reverse("transfers:orders"), status=422
    )


@requires(Permission.EDIT)
@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Change a draft or returned transfer."""
    now = clock.now()
    page = DecisionPage(request, reference, now)
    back = reverse("approvals:request", args=[reference])
    if page.state not in EDITABLE:
        return HttpResponseRedirect(back)
    accounts = order_queries.accounts_to_pay_from(request.user.pk, now=now)
    title = _("Edit transfer %(reference)s") % {"reference": reference}
    returned = _returned(page)
    if request.method == "GET":
        form = OrderForm(accounts=accounts, initial=_initial(request, reference))
        return _form_page(request, form, accounts, title, back, returned=returned)
    form = OrderForm(request.POST, accounts=accounts)
    if form.is_valid():
        try:
            operations.edit_order(
                actor=request.user, reference=reference, fields=form.typed_order(),
                form_key=form.cleaned_data["idempotency_key"], now=now,
            )  # fmt: skip
            return HttpResponseRedirect(reverse("transfers:check", args=[reference]))
        except RuleBroken as error:
            add_error(form, error)
        except Conflict as error:
            return show_request(
                request, reference, now=now, failure=Failure(Act.SUBMIT, error, form)
            )
    return _form_page(request, form, accounts, title, back, returned=returned, status=422)


@requires(Permission.EDIT)
@require_GET
def check(request: PersonRequest, reference: str) -> HttpResponse:
    """Show what is about to be submitted: facts, flow and why, who is next, limits."""
    now = clock.now()
    page = DecisionPage(request, reference, now)
    if page.state not in EDITABLE:
        return HttpResponseRedirect(reverse("approvals:request", args=[reference]))
    shown = {
        "title": _("Check transfer %(reference)s") % {"reference": reference},
        "submit_url": reverse("approvals:submit", args=[reference]),
        "back_url": reverse("transfers:edit", args=[reference]),
        "amount": page.amount,
        "amount_words": page.amount_words,
        "answers": [*page.what, *page.source, *page.timing],
        "warnings": page.warnings,
        "flow": page.flow,
        "path": page.path,
        "after": page.after,
        "limits": screens.limits_beside(request.user.company_pk, page.amount, now=now),
        "may_submit": not page.problem,
        "why_not": page.problem,
    }
    form = ActForm(initial={"idempotency_key": ids.token()})
    return render(request, "transfers/order_check.html", {"page": shown, "form": form})


@requires(Permission.INQUIRE)
@require_GET
def accounts(request: PersonRequest) -> HttpResponse:
    """List the accounts this person may inquire."""
    groups = currency_groups(request, now=clock.now())
    return render(request, "transfers/accounts.html", {"page": {"currencies": groups}})


@requires(Permission.INQUIRE)
@require_GET
def account(request: PersonRequest, number: str) -> HttpResponse:
    """Show one account with its movements, newest first."""
    now = clock.now()
    found = ledger.account_for(request.user.pk, number, now=now)
    before = request.GET.get("before", "")
    before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 18 else None
    rows = ledger.movements(found.id, before_id, MOVEMENTS + 1)
    here = reverse("transfers:account", args=[number])
    shown = rows[:MOVEMENTS]
    row = screens.account_row(found)
    page = {
        "name": row.name,
        "number": row.shown_number,
        "state_label": row.state_label,
        "tone": row.tone,
        "balance": row.balance,
        "available": row.available,
        "held": row.held,
        "chart": None if before_id else screens.account_chart(found, now=now),
        "rows": [screens.movement_row(movement) for movement in shown],
        "paging": {
            "first_url": here if before_id else "",
            "previous_url": "",
            "next_url": f"{here}?before={shown[-1].id}" if len(rows) > MOVEMENTS else "",
        },
        "export_urls": [],
        "new_order_url": _new_url(request),
    }
    return render(request, "transfers/account.html", {"page": page})


def currency_groups(request: PersonRequest, *, now: datetime) -> list[dict[str, object]]:
    """Return the accounts of a person by currency with their addresses."""
    return [
        {
            "currency": group.currency,
            "total": group.total,
            "available": group.available,
            "accounts": [
                {
                    **{name: getattr(row, name) for name in row.__slots__},
                    "number": row.shown_number,
                    "url": reverse("transfers:account", args=[row.number]),
                }
                for row in group.accounts
            ],
        }
        for group in screens.accounts_by_currency(request.user, now=now)
    ]


def order_row(row: screens.OrderRow) -> dict[str, object]:
    """Return a transfer of a list with its address."""
    shown: dict[str, object] = {name: getattr(row, name) for name in row.__slots__}
    return {**shown, "url": reverse("approvals:request", args=[row.reference])}


def _new_url(request: PersonRequest) -> str:
    return reverse("transfers:new") if Permission.EDIT in request.user.granted else ""


def _initial(request: PersonRequest, reference: str) -> dict[str, object]:
    order = order_queries.order_for_edit(request.user.company_pk, reference)
    return {
        "idempotency_key": ids.token(),
        "from_account": order.from_account,
        "payee_account": order.payee_account,
        "payee_name": order.payee_name,
        "amount": f"{order.money.amount:,f}",
        "value_date": order.value_date,
        "memo": order.memo,
    }


def _returned(page: DecisionPage) -> dict[str, object] | None:
    if page.state != RequestState.RETURNED:
        return None
    last = next((entry for entry in reversed(page.history) if entry.reason), None)
    return {"by": last.who, "reason": last.reason, "at": last.at} if last else None


def _form_page(
    request: PersonRequest,
    form: OrderForm,
    accounts: list[ledger.AccountFacts],
    title: str,
    cancel_url: str,
    *,
    returned: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    page = {
        "title": title,
        "cancel_url": cancel_url,
        "returned": returned,
        "accounts": [screens.account_row(account) for account in accounts],
        "notes": [
            _("Transfers are executed on the day they are released, until midnight."),
            _("The payee's account must be at our bank and in the same currency."),
        ],
    }
    return render(request, "transfers/order_form.html", {"page": page, "form": form}, status=status)
