"""First use on the customers' site (DEL-3, AUTH-4)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.permissions import Permission as Certificates
from certificates.queries import has_open_letter, signing_certificate
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, can, requires
from identity.policies import Keys
from identity.queries import counter_of
from identity.views import KeyPages, first_use_page


@before(Gate.FIRST_USE)
@requires(SIGNED_IN)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def first_use(request: PersonRequest) -> HttpResponse:
    """Lead a newcomer of a company through the steps of their role."""
    user = request.user
    pages = KeyPages(
        keys=keys_of(request),
        card_url=reverse("enterprise:enrol_card"),
        has_letter=has_open_letter(user.pk),
        counter=counter_of(user),
    )
    return first_use_page(request, pages)


def keys_of(request: PersonRequest) -> Keys:
    """Return whether the person's roles work with a card, and whether one is in use."""
    return Keys(
        card_needed=can(request.user, Certificates.ENROL),
        card_held=signing_certificate(request.user.pk) is not None,
    )
