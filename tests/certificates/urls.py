"""The addresses of certificates alone, with the one that error pages lead to."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from identity.permissions import public


@public
def sign_in(request: HttpRequest) -> HttpResponse:
    """Stand where the sign-in page stands."""
    return HttpResponse()


urlpatterns = [
    path("", include("certificates.urls")),
    path("", include(([path("sign-in", sign_in, name="sign_in")], "enterprise"))),
]
