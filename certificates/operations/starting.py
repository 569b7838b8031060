"""Open an application for a certificate (CERT-1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from alerts.render import Event
from certificates.formats.profiles import KeyStorage, Purpose
from certificates.models import Card, Certificate
from certificates.operations.history import note
from certificates.operations.telling import tell
from identity.models import User


def start_application(
    *,
    holder: User,
    storage: KeyStorage,
    actor: User | None,
    now: datetime,
    card: Card | None = None,
    functions: Sequence[str] | None = None,
    amount_cap: Decimal | None = None,
    scope_from: date | None = None,
    scope_until: date | None = None,
) -> Certificate:
    """Open the application of a locked holder for whom none waits; it has no letter yet."""
    certificate = Certificate(
        holder=holder,
        purpose=Purpose.SIGNING.name,
        state_since=now,
        applied_at=now,
        storage=storage.name,
        card=card,
        functions=list(functions) if functions is not None else None,
        amount_cap=amount_cap,
        scope_from=scope_from,
        scope_until=scope_until,
    )
    certificate.save(force_insert=True)
    tell(certificate, Event.CERTIFICATE_APPLIED, actor=actor, now=now)
    note(
        certificate, verb="apply", event="certificates.certificate.applied", source="",
        actor=actor, now=now,
        after={"storage": storage.name, "card": card.serial_number if card is not None else ""},
    )  # fmt: skip
    return certificate
