"""The customer's door and own pages."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals.permissions import Permission as Approve
from approvals.queries.inbox import Tab, listing, waiting_count
from approvals.views.pages import list_row
from approvals.views.panels import add_error
from certificates.permissions import Permission as Certificates
from enterprise import queries
from enterprise.errors import SignInPaused, SignInRefused
from enterprise.forms import SignInForm
from identity import operations, queries as identity
from identity.errors import DoorCrowded, DoorShut, TooManyTries
from identity.permissions import SIGNED_IN, PersonRequest, public, requires
from identity.policies import SignInOutcome
from identity.views import (
    TICKET_SECONDS,
    door_page,
    entry_page,
    knock,
    leave,
    let_in,
    make_ticket,
    redeem_ticket,
    sign_in_rows,
    typed_password,
)
from kernel import clock
from kernel.errors import DomainError
from ledger import queries as ledger
from transfers.permissions import Permission as Transfer
from transfers.queries import screens
from transfers.views import currency_groups, order_row

FIRST = 5


@public
@sensitive_post_parameters("password", "keypad_codes")
@require_http_methods(["GET", "POST"])
def sign_in(request: PersonRequest) -> HttpResponse:
    """Let a person of a company in, or say the one thing that is said of every failure (AUTH-1)."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("enterprise:home"))
    if request.method == "GET":
        target = {"next": request.GET.get("next", "")}
        return _sign_in_page(request, SignInForm(initial=target))
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _refused(request, SignInRefused())
    data = form.cleaned_data
    try:
        result = knock(
            request,
            company_code=data["company_code"],
            login_name=data["login_name"],
            password=typed_password(request, form),
        )
    except (TooManyTries, DoorShut, DoorCrowded) as error:
        return _refused(request, error)
    if result.outcome == SignInOutcome.SIGNED_IN:
        return let_in(request, result, data["next"])
    if result.outcome == SignInOutcome.ELSEWHERE:
        return _elsewhere(request, result, data["next"])
    paused = result.outcome == SignInOutcome.PAUSED
    return _refused(request, SignInPaused() if paused else SignInRefused())


@public
@require_POST
def take_over(request: PersonRequest) -> HttpResponse:
    """End the person's other session and go on here (AUTH-3)."""
    try:
        redeemed = redeem_ticket(request)
    except (TooManyTries, DoorShut) as error:
        return _refused(request, error)
    if redeemed is None:
        return HttpResponseRedirect(reverse("enterprise:sign_in"))
    result, target = redeemed
    if result.outcome == SignInOutcome.PAUSED:
        return _refused(request, SignInPaused())
    if result.outcome != SignInOutcome.SIGNED_IN:
        return HttpResponseRedirect(reverse("enterprise:sign_in"))
    return let_in(request, result, target)


@public
@require_POST
def sign_out(request: PersonRequest) -> HttpResponse:
    """End this session."""
    return leave(request)


@requires(SIGNED_IN)
@require_POST
def stay(request: PersonRequest) -> HttpResponse:
    """Push the idle deadline at the person's wish (SES-1)."""
    operations.touch_session(key_sha256=request.session.key_sha256, now=clock.now())
    return HttpResponse(status=204)


@requires(SIGNED_IN)
@require_GET
def home(request: PersonRequest) -> HttpResponse:
    """Show what waits, the balances and the latest transfers."""
    now, user = clock.now(), request.user
    if Certificates.ENROL in user.granted and queries.waits_for_card(user.pk):
        return HttpResponseRedirect(reverse("enterprise:enrol_card"))
    earlier = [
        row
        for row in identity.recent_sign_ins(user.pk, current_key_sha256=request.session.key_sha256)
        if not row.current
    ]
    page: dict[str, Any] = {
        "greeting_name": user.display_name,
        "last_sign_in_at": earlier[0].started_at if earlier else None,
        "last_sign_in_address": earlier[0].address if earlier else "",
        "waiting": [],
        "waiting_count": 0,
        "currencies": [],
        "recent": [],
        "charts": [],
        "new_order_url": reverse("transfers:new") if Transfer.EDIT in user.granted else "",
    }
    if Approve.VIEW in user.granted:
        waiting = listing(user, Tab.WAITING, limit=FIRST, now=now)
        page["waiting"] = [list_row(row) for row in waiting.rows]
        page["waiting_count"] = waiting_count(user, now=now)
    if Transfer.INQUIRE in user.granted:
        rows, _cursor = screens.orders(user, limit=FIRST, now=now)
        page["recent"] = [order_row(row) for row in rows]
        page["currencies"] = currency_groups(request, now=now)
        page["charts"] = _charts(request)
    return render(request, "enterprise/home.html", {"page": page})


@requires(SIGNED_IN)
@require_GET
def sessions(request: PersonRequest) -> HttpResponse:
    """Show the person's own sign-ins (AUTH-8)."""
    page = {"rows": sign_in_rows(request), "paging": {}}
    return render(request, "enterprise/sessions.html", {"page": page})


def _charts(request: PersonRequest) -> list[object]:
    accounts = ledger.visible_accounts(request.user.pk, now=clock.now())
    return [screens.account_chart(account, now=clock.now()) for account in accounts[:1]]


def _elsewhere(
    request: PersonRequest, result: operations.SignInResult, target: str
) -> HttpResponse:
    page = {
        "since": result.since,
        "address": result.address,
        # Without a ticket the first session cannot be ended from here: the bank's policy says so.
        "ticket": make_ticket(result, target) if result.other_sha256 else "",
        "seconds": TICKET_SECONDS,
    }
    return render(request, "enterprise/elsewhere.html", {"page": page})


def _refused(request: PersonRequest, error: DomainError) -> HttpResponse:
    form = SignInForm(data={"next": request.POST.get("next", "")})
    form.is_valid()
    form.errors.clear()
    add_error(form, error)
    return _sign_in_page(request, form, status=error.status)


def _sign_in_page(request: PersonRequest, form: SignInForm, *, status: int = 200) -> HttpResponse:
    told = {
        "idle": _("You were signed out after a time without activity."),
        "lost": _(
            "Your card is reported as lost and can sign nothing any more. When you sign in again "
            "you choose a new password."
        ),
        "password": _("Your password is changed. Sign in with the new one."),
    }
    notice = told.get(request.GET.get("ended", ""), "")
    page = {"notice": notice, **door_page(request)}
    context = {"page": page, "form": form, "entry": entry_page(request)}
    return render(request, "enterprise/sign_in.html", context, status=status)
