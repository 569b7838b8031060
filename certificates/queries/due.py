"""What is due by the clock?"""

from __future__ import annotations

from datetime import datetime, timedelta

from certificates.formats.profiles import Purpose
from certificates.models import Certificate, Letter
from certificates.policies import REMINDED_DAYS
from certificates.states import ENDABLE, CertificateState, LetterState


def due_letters(now: datetime) -> list[int]:
    """Return the ids of printed letters whose thirty days are over."""
    rows = Letter.objects.filter(state=LetterState.PRINTED, expires_at__lte=now)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def due_certificates(now: datetime) -> list[int]:
    """Return the ids of certificates that have not ended and whose time is over."""
    rows = Certificate.objects.filter(
        purpose=Purpose.SIGNING.name, state__in=ENDABLE, not_after__lt=now
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))


def expiring_certificates(now: datetime) -> list[int]:
    """Return the ids of certificates in force that end within the first reminder's days."""
    rows = Certificate.objects.filter(
        purpose=Purpose.SIGNING.name,
        state=CertificateState.ACTIVE,
        not_after__gt=now,
        not_after__lte=now + timedelta(days=max(REMINDED_DAYS)),
    )
    return list(rows.order_by("pk").values_list("pk", flat=True))
