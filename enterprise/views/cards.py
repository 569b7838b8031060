"""The person's own certificates and the cards they are on."""

from __future__ import annotations

import base64

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from certificates import operations as certificates, queries as certificate_queries
from certificates.permissions import Permission as Certificates
from certificates.states import CertificateState
from certificates.views import origin_of
from enterprise import queries
from enterprise.queries.certificates import CertificateRow
from identity.permissions import SIGNED_IN, PersonRequest, can, requires
from kernel import clock


@requires(SIGNED_IN)
@require_GET
def certificates_page(request: PersonRequest) -> HttpResponse:
    """Show the person's own certificates and what to do next about each."""
    rows = queries.certificate_rows(request.user, now=clock.now())
    # Where nothing is in use, the last one still says what happened and where to go.
    current = [row for row in rows if row.current] or rows[:1]
    page = {
        "current": [
            {"row": row, "tone": row.tone, "actions": _actions(request, row)} for row in current
        ],
        "earlier": [row for row in rows if row not in current],
    }
    return render(request, "enterprise/certificates.html", {"page": page})


@requires(Certificates.ENROL)
@require_GET
def enrol_card(request: PersonRequest) -> HttpResponse:
    """Lead a person through taking a virtual card into use (CERT-2)."""
    now, user = clock.now(), request.user
    waiting = queries.has_open_letter(user.pk)
    has_card = certificate_queries.signing_certificate(user.pk) is not None
    state = "ready" if waiting else ("has_card" if has_card else "no_letter")
    page = {
        "enrol_url": reverse("certificates:enrol"),
        "confirm_url": reverse("certificates:confirm"),
        "next_url": reverse("enterprise:home"),
        "nonce": "",
        "label": f"{user.company} {user.display_name}",
        "challenge": "",
        "certificate_sha256": "",
        "now": "",
        "state": state,
    }
    if state == "ready":
        session = {"actor": user, "session_key_sha256": request.session.key_sha256, "now": now}
        challenge = certificates.prepare_confirmation(**session, audience=origin_of(request))
        if challenge is not None:
            page["challenge"] = base64.b64encode(challenge.statement).decode()
            page["certificate_sha256"] = challenge.certificate_sha256
            page["now"] = clock.isoformat(now)
        else:
            page["nonce"] = certificates.begin_enrolment(**session)
    return render(request, "enterprise/enrol_card.html", {"page": page})


def _actions(request: PersonRequest, row: CertificateRow) -> list[dict[str, object]]:
    """Return where the holder goes next about a certificate."""
    found = []
    if row.state == CertificateState.LETTER_PRINTED:
        found.append((_("Take your card into use"), "enrol_card", Certificates.ENROL))
    if row.state == CertificateState.ISSUED:
        found.append((_("Confirm the certificate"), "enrol_card", Certificates.ENROL))
    return [
        {"label": label, "url": reverse(f"enterprise:{name}"), "primary": number == 0}
        for number, (label, name, permission) in enumerate(found)
        if can(request.user, permission)
    ]
