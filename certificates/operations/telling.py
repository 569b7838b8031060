"""Tell a holder and those who watch over security what happened to a certificate (ALR-1)."""

from __future__ import annotations

from datetime import datetime

from alerts import operations as alerts
from alerts.render import Event
from certificates.models import Certificate
from identity.models import User
from identity.queries import recipients, security_pair

# As much of a serial number as tells one of a holder's certificates from another.
_SERIAL_TAIL = 8


def tell(
    certificate: Certificate,
    event: Event,
    *,
    actor: User | None,
    now: datetime,
    reason: str = "",
    cause: str = "",
) -> None:
    """Write a message about a certificate to its holder and their security pair; a step.

    `cause` names what is told once for ever; without one it is this moment's act.
    """
    holder = certificate.holder
    readers = recipients({holder.pk, *security_pair(holder, now=now)})
    serial_number = certificate.serial_number or ""
    alerts.enqueue(
        event=event,
        cause=f"certificate:{certificate.pk}:{cause or now.isoformat()}",
        recipients=readers,
        facts={
            "subject_text": holder.display_name,
            "company_name": holder.company.name if holder.company is not None else "",
            "unit_name": holder.unit.name if holder.unit is not None else "",
            "reference": serial_number[-_SERIAL_TAIL:].upper(),
            "deadline": certificate.not_after or "",
            "actor_name": actor.display_name if actor is not None else "",
            "reason": reason,
        },
        now=now,
    )
