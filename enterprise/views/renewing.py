"""Renew the own certificate with the present card, in the last sixty days of its life (CERT-12)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from approvals.views.panels import explain
from certificates import operations, queries as certificates
from certificates.formats.profiles import KeyStorage
from certificates.permissions import Permission
from enterprise import queries
from enterprise.views.panels import signing_by
from identity.permissions import PersonRequest, requires
from kernel import clock
from kernel.errors import DomainError


@requires(Permission.ENROL)
@require_GET
def renew_certificate(request: PersonRequest) -> HttpResponse:
    """Lead a person through renewing the card they hold; nothing changes until the end of it."""
    now, user = clock.now(), request.user
    found = certificates.signing_certificate(user.pk)
    page: dict[str, Any] = {
        "label": f"{user.company} {user.display_name}",
        "nonce": "",
        "why_not": "",
        "sign": None,
        "prepare_url": reverse("certificates:prepare_renewal"),
        "renew_url": reverse("certificates:renew"),
        "confirm_url": reverse("certificates:confirm"),
        "next_url": reverse("enterprise:certificates"),
        "from": found.renewable_from if found is not None else None,
        "row": next(
            (row for row in queries.certificate_rows(user, now=now) if row.renewable), None
        ),
    }
    try:
        page["nonce"] = operations.begin_renewal(
            actor=user,
            session_key_sha256=request.session.key_sha256,
            made_on=KeyStorage.BROWSER,
            now=now,
        )
    except DomainError as error:
        page["why_not"] = explain(error)
    if found is not None and page["nonce"]:
        lines = [
            (_("Act"), _("Renew my certificate for two new keys of this card")),
            (_("Serial number"), found.serial_number),
        ]
        page["sign"] = signing_by(found, prepare_url=str(page["prepare_url"]), lines=lines)
    return render(request, "enterprise/renew_certificate.html", {"page": page})
