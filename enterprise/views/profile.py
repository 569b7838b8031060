"""One's own data on the customers' site (DEL-3)."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from certificates.queries import signing_certificate
from identity.permissions import SIGNED_IN, PersonRequest, requires
from identity.views import ProfileFacts, profile_page


@requires(SIGNED_IN)
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def profile(request: PersonRequest) -> HttpResponse:
    """Show a person's own data, or change one thing of it."""
    facts = ProfileFacts(
        has_card=signing_certificate(request.user.pk) is not None,
        sessions_url=reverse("enterprise:sessions"),
    )
    return profile_page(request, facts)
