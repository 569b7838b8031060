"""What a page needs to have something signed by the reader's own card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from approvals.queries.cards import card_problem, tries_left
from approvals.views.panels import Signing, SignLine
from certificates import queries as certificates
from certificates.queries import CertificateFacts
from identity.permissions import PersonRequest
from kernel import ids


@dataclass(frozen=True, slots=True)
class SignedForm:
    """Show one signed act of the reader's own card: its form, or why it is not for them now."""

    verb: str
    label: str
    url: str
    form: forms.Form | None
    sign: Signing | None
    why_not: str
    explain: str = ""
    tone: str = ""


def signing_with(
    request: PersonRequest,
    *,
    function: str,
    prepare_url: str,
    lines: Sequence[tuple[str, str]],
    now: datetime,
) -> tuple[Signing | None, str]:
    """Return what the card's script needs to sign, or None with what keeps the card from it."""
    problem = card_problem(request.user, function=function, amount=None, now=now)
    found = certificates.signing_certificate(request.user.pk)
    if problem or found is None:
        return None, problem or _("You have no certificate to sign with.")
    return signing_by(found, prepare_url=prepare_url, lines=lines), ""


def signing_by(
    found: CertificateFacts, *, prepare_url: str, lines: Sequence[tuple[str, str]]
) -> Signing:
    """Return what the card's script needs to sign with this certificate."""
    return Signing(
        prepare_url=prepare_url,
        unlock_url=reverse("certificates:unlock"),
        certificate_sha256=found.sha256,
        certificate_state="active",
        card_label=_("Virtual card …%(end)s") % {"end": found.serial_number[-4:].upper()},
        needs_pin=found.storage == "BROWSER",
        tries_left=tries_left(found),
        short_code="",
        lines=[SignLine(label, value, False) for label, value in lines],
        idempotency_key=ids.token(),
    )
