"""Change the own password: at one's wish, or because it has to be (PWD-1, CERT-10)."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from approvals.views.panels import add_error
from identity import operations
from identity.errors import PasswordWrong
from identity.forms import PasswordForm
from identity.operations import PasswordOutcome
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, requires
from identity.queries import password_advice
from identity.views import let_out
from kernel import clock
from kernel.errors import RuleBroken


@before(Gate.NEW_PASSWORD)
@requires(SIGNED_IN)
@sensitive_post_parameters("old", "new", "again")
@require_http_methods(["GET", "POST"])
def change_password(request: PersonRequest) -> HttpResponse:
    """Show the rules, or change the password and lead to signing in by the new one."""
    if request.method == "GET":
        return _page(request, PasswordForm())
    form = PasswordForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        outcome = operations.change_password(
            actor=request.user,
            old=form.cleaned_data["old"],
            new=form.cleaned_data["new"],
            now=clock.now(),
        )
        if outcome == PasswordOutcome.WRONG_PASSWORD:
            raise PasswordWrong
    except RuleBroken as error:
        add_error(form, error)
        return _page(request, form, status=error.status)
    let_out(request)
    return HttpResponseRedirect(reverse("enterprise:sign_in") + "?ended=password")


def _page(request: PersonRequest, form: PasswordForm, *, status: int = 200) -> HttpResponse:
    page = {
        "form": form,
        "advice": password_advice(request.user, now=clock.now()),
        "url": reverse("enterprise:change_password"),
    }
    return render(request, "enterprise/change_password.html", {"page": page}, status=status)
