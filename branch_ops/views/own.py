"""What a person of the bank does for themselves: report the card lost, change the password."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from approvals.queries.cards import suspensions_used
from approvals.views.panels import add_error, explain
from branch_ops.forms.door import LostForm
from branch_ops.views.refusals import write_down
from certificates import operations as certificates
from certificates.permissions import Permission as Certificates
from certificates.policies import SUSPENSIONS_MOST
from certificates.queries import signing_certificate
from identity import operations as identity
from identity.errors import PasswordWrong
from identity.forms import PasswordForm
from identity.operations import PasswordOutcome
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, requires
from identity.queries import counter_of, password_advice
from identity.views import let_out
from kernel import clock, ids
from kernel.errors import Busy, Conflict, DomainError, RuleBroken


@before(Gate.SECOND_FACTOR)
@requires(Certificates.REPORT_LOST)
@require_http_methods(["GET", "POST"])
def report_lost(request: PersonRequest) -> HttpResponse:
    """Say what follows, or put the own certificate on hold at once and sign out (CERT-10)."""
    if request.method == "GET":
        return _lost_page(request, LostForm())
    form = LostForm(request.POST)
    if not form.is_valid():
        return _lost_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    reason = " ".join(form.cleaned_data["reason"].split())
    try:
        certificates.report_lost(actor=request.user, reason=reason, now=clock.now())
    except (RuleBroken, Conflict, Busy) as error:
        write_down(request, f"user:{request.user.public_id}", error)
        add_error(form, error)
        return _lost_page(request, form, error=error, status=error.status)
    let_out(request)
    return HttpResponseRedirect(reverse("staff:sign_in") + "?ended=lost")


@before(Gate.NEW_PASSWORD)
@requires(SIGNED_IN)
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def change_password(request: PersonRequest) -> HttpResponse:
    """Show the rules, or change the password and lead to signing in by the new one (PWD-1)."""
    if request.method == "GET":
        return _password_page(request, PasswordForm())
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _password_page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    typed = form.cleaned_data
    try:
        outcome = identity.change_password(
            actor=request.user, old=typed["old"], new=typed["new"], now=clock.now()
        )
        if outcome == PasswordOutcome.WRONG_PASSWORD:
            raise PasswordWrong
    except RuleBroken as error:
        add_error(form, error)
        return _password_page(request, form, status=error.status)
    let_out(request)
    return HttpResponseRedirect(reverse("staff:sign_in") + "?ended=password")


def _lost_page(
    request: PersonRequest, form: LostForm, *, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    found = signing_certificate(request.user.pk)
    page = {
        "form": form,
        "held": found is not None,
        "active": found is not None and found.state == "ACTIVE",
        "last": found is not None and found.suspensions >= SUSPENSIONS_MOST,
        "used": suspensions_used(found.suspensions) if found is not None else "",
        "counter": counter_of(request.user),
        "idempotency_key": ids.token(),
        "url": reverse("staff:report_lost"),
        "list_url": reverse("staff:card"),
        "list_name": _("My card"),
        "alert": explain(error) if error is not None and not error.field else "",
    }
    return render(request, "enterprise/report_lost.html", {"page": page}, status=status)


def _password_page(
    request: PersonRequest, form: PasswordForm, *, status: int = 200
) -> HttpResponse:
    page = {
        "form": form,
        "advice": password_advice(request.user, now=clock.now()),
        "url": reverse("staff:change_password"),
    }
    return render(request, "enterprise/change_password.html", {"page": page}, status=status)
