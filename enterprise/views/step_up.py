"""Ask for the card where a password is not enough, and lead back to where it was asked (AUTH-5)."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from approvals.queries.cards import card_problem
from certificates.views import card_sign_in
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, needs_no_factor, requires
from identity.views import way_back
from kernel import clock


@before(Gate.FIRST_USE, Gate.SECOND_FACTOR)
@requires(SIGNED_IN)
@require_GET
def step_up(request: PersonRequest) -> HttpResponse:
    """Say why the card is asked for and what it signs; go on at once where it was shown already."""
    target = way_back(request, request.GET.get("next", ""))
    if needs_no_factor(request):
        return HttpResponseRedirect(target)
    page = {"home_url": reverse("enterprise:home"), "list_url": reverse("enterprise:certificates")}
    found = card_sign_in(request, next_url=target)
    if found is not None and found.problem:
        # The customer is told, too, who took it out of force and where to go now.
        told = card_problem(request.user, function="", amount=None, now=clock.now())
        found = replace(found, problem=told or found.problem)
    return render(request, "enterprise/step_up.html", {"page": page, "sign_in": found})
