"""The person's own certificates and the cards they are on."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from certificates.permissions import Permission as Certificates
from certificates.states import LIVE, CertificateState
from certificates.views import enrolment_page
from enterprise import queries
from enterprise.queries.certificates import CertificateRow
from enterprise.views.first_use import keys_of
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, can, requires
from identity.policies import Step
from identity.views import back_to_first_use
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


@before(Gate.FIRST_USE)
@requires(Certificates.ENROL)
@require_GET
def enrol_card(request: PersonRequest) -> HttpResponse:
    """Lead a person through taking a virtual card into use; part of first use too (CERT-2)."""
    back = back_to_first_use(request, Step.CARD, keys_of(request))
    if back is not None:
        return back
    is_new = request.user.first_used_at is None
    page = enrolment_page(
        request,
        next_url=reverse("enterprise:first_use" if is_new else "enterprise:home"),
        back_url=reverse("enterprise:first_use" if is_new else "enterprise:certificates"),
        holder_name=f"{request.user.company} {request.user.display_name}",
    )
    return render(request, "enterprise/enrol_card.html", {"page": page})


def _actions(request: PersonRequest, row: CertificateRow) -> list[dict[str, object]]:
    """Return where the holder goes next about a certificate."""
    found = []
    if row.state == CertificateState.LETTER_PRINTED:
        found.append((_("Take your card into use"), "enrol_card", Certificates.ENROL))
    if row.state == CertificateState.ISSUED and not row.outside:
        found.append((_("Confirm the certificate"), "enrol_card", Certificates.ENROL))
    if row.state == CertificateState.UNSUSPENDING:
        found.append((_("Lift the suspension"), "activate_certificate", Certificates.ENROL))
    if row.renewable:
        found.append((_("Renew"), "renew_certificate", Certificates.ENROL))
    if row.state in LIVE and row.state != CertificateState.SUSPENDED:
        found.append((_("Report the card as lost"), "report_lost", Certificates.REPORT_LOST))
    return [
        {"label": label, "url": reverse(f"enterprise:{name}"), "primary": name != "report_lost"}
        for label, name, permission in found
        if can(request.user, permission)
    ]
