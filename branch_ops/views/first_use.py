"""First use on the staff site (DEL-3, AUTH-4)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.queries import has_open_letter, signing_certificate
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, requires
from identity.policies import Keys
from identity.queries import counter_of, is_bank_checker
from identity.views import KeyPages, first_use_page
from kernel import clock

# The page on which people of the bank register a passkey; empty text where there is none.
PASSKEY_PAGE = ""


@before(Gate.FIRST_USE)
@requires(SIGNED_IN)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def first_use(request: PersonRequest) -> HttpResponse:
    """Lead a newcomer of the bank through the steps of their role."""
    user = request.user
    pages = KeyPages(
        keys=keys_of(request),
        card_url=reverse("staff:card"),
        has_letter=has_open_letter(user.pk),
        counter=counter_of(user),
        passkey_url=reverse(PASSKEY_PAGE) if PASSKEY_PAGE else "",
    )
    return first_use_page(request, pages)


def keys_of(request: PersonRequest) -> Keys:
    """Return whether the person's roles work with a card, and whether one is in use."""
    user = request.user
    return Keys(
        card_needed=is_bank_checker(user, now=clock.now()),
        card_held=signing_certificate(user.pk) is not None,
        passkey_offered=bool(PASSKEY_PAGE),
    )
