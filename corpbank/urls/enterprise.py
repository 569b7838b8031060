"""The addresses of the enterprise site."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from corpbank.views import csp_report, live, ready
from identity.views import set_language

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("enterprise.urls")),
    path("", include("approvals.urls")),
    path("", include("transfers.urls")),
    path("", include("certificates.urls")),
    path("sign-in/", include("identity.urls")),
    path("language/", set_language, name="set_language"),
    path("csp-reports", csp_report, name="csp_report"),
    path("livez", live, name="live"),
    path("readyz", ready, name="ready"),
]
handler400 = "corpbank.views.unreadable"
handler403 = "corpbank.views.forbidden"
handler404 = "corpbank.views.not_found"
handler500 = "corpbank.views.broken"
