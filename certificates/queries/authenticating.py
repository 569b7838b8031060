"""Which certificate does a person show their card with?"""

from __future__ import annotations

from datetime import datetime

from certificates import gateways
from certificates.errors import SigningRefused
from certificates.formats.profiles import Purpose
from certificates.models import Certificate
from certificates.policies import standing_refusal
from certificates.queries import CertificateFacts, facts_of
from certificates.states import LIVE


def authenticating_row(user_id: int) -> Certificate | None:
    """Return the certificate a person shows their card with, and its card; None without one.

    The bank's own come in pairs, and the one for signing in is it. One of an outside authority
    comes alone and serves for both, where its key usage says so (CERT-11).
    """
    rows = Certificate.objects.select_related("card").filter(holder_id=user_id, state__in=LIVE)
    by_purpose = {row.purpose: row for row in rows}
    signing = by_purpose.get(Purpose.SIGNING.name)
    alone = signing if signing is not None and signing.external_issuer_id is not None else None
    return by_purpose.get(Purpose.AUTHENTICATION.name) or alone


def authenticating_certificate(user_id: int) -> CertificateFacts | None:
    """Return the same as plain facts."""
    row = authenticating_row(user_id)
    return None if row is None else facts_of(row)


def authenticating_problem(found: CertificateFacts, now: datetime) -> str:
    """Return what keeps such a card from being shown now, in the reader's words, or empty text."""
    reason = standing_refusal(found.standing, allowed_storages=gateways.allowed_storages(), now=now)
    return "" if reason is None else str(SigningRefused(reason))
