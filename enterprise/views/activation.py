"""First use or forgotten password: whom to ask, and what the code that was sent opens (AUTH-9)."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from approvals.views.panels import add_error
from identity.forms import ActivationForm
from identity.permissions import PersonRequest, public
from identity.views import try_activation
from kernel.errors import RuleBroken


@public
@sensitive_post_parameters("code", "new", "again")
@require_http_methods(["GET", "POST"])
def activate(request: PersonRequest) -> HttpResponse:
    """Show whom to ask for a code, or take the code and the password it lets choose."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(reverse("enterprise:home"))
    if request.method == "GET":
        return _page(request, ActivationForm())
    form = ActivationForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        try_activation(request, form.cleaned_data)
    except RuleBroken as error:
        add_error(form, error)
        return _page(request, form, status=error.status)
    return HttpResponseRedirect(reverse("enterprise:sign_in") + "?ended=password")


def _page(request: PersonRequest, form: ActivationForm, *, status: int = 200) -> HttpResponse:
    return render(request, "enterprise/activate.html", {"form": form}, status=status)
