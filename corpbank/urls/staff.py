"""The addresses of the staff site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from branch_ops.urls import (
    counter_patterns,
    equipment_patterns,
    external_patterns,
    fee_patterns,
    policy_patterns,
)
from certificates.urls import card_patterns
from corpbank.views import csp_report, live, ready
from identity.views import set_language

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("branch_ops.urls")),
    path("external/", include((external_patterns, "external"))),
    path("counter/", include((counter_patterns, "counter"))),
    path("fees/", include((fee_patterns, "fees"))),
    path("equipment/", include((equipment_patterns, "equipment"))),
    path("policy/", include((policy_patterns, "policy"))),
    path("", include("approvals.urls")),
    path("", include((card_patterns, "certificates"))),
    path("sign-in/", include("identity.urls")),
    path("language/", set_language, name="set_language"),
    path("csp-reports", csp_report, name="csp_report"),
    path("livez", live, name="live"),
    path("readyz", ready, name="ready"),
    # The window answers every other address, so it stands last.
    path("", admin.site.urls),
]
handler404 = "corpbank.views.not_found"
handler500 = "corpbank.views.broken"
