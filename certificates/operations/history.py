"""Write down what happened to a certificate: its own event, and the audit log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from audit import operations as audit
from certificates.models import Certificate, CertificateEvent, Letter
from identity.models import User
from identity.operations import home_chain

SYSTEM = "system"


def name_of(actor: User | None) -> str:
    """Return how the log names who acted; None is the bank itself (a command, the clock)."""
    return actor.public_id if actor is not None else SYSTEM


def note(
    certificate: Certificate,
    *,
    verb: str,
    event: str,
    source: str,
    actor: User | None,
    now: datetime,
    reason: str = "",
    after: Mapping[str, object] | None = None,
) -> None:
    """Append a change of state to the events of a pair and to its holder's audit chain."""
    CertificateEvent.objects.bulk_create(
        CertificateEvent(
            certificate_id=pk,
            at=now,
            verb=verb,
            source=source,
            target=certificate.state,
            suspensions=certificate.suspensions,
            actor=name_of(actor),
            reason=reason,
        )
        for pk in (certificate.pk, certificate.companion_id)
        if pk is not None
    )
    holder = certificate.holder
    audit.record(
        chain=home_chain(holder),
        event=event,
        actor=name_of(actor),
        target=target_of(certificate),
        now=now,
        before={"state": source},
        after={
            "state": str(certificate.state),
            "suspensions": certificate.suspensions,
            "holder": holder.public_id,
            **(after or {}),
        },
        reason=reason,
    )


def note_letter(letter: Letter, event: str, *, actor: User | None, now: datetime) -> None:
    """Append what happened to a letter alone, its certificate staying where it is, to the log."""
    audit.record(
        chain=home_chain(letter.holder),
        event=event,
        actor=name_of(actor),
        target=target_of(letter.certificate),
        now=now,
        after={"letter": letter.number, "state": str(letter.state)},
    )


def target_of(certificate: Certificate) -> str:
    """Return how the log names a certificate: by its serial number, before that by its row."""
    return f"certificate:{certificate.serial_number or certificate.pk}"


def move(certificate: Certificate, verb: str, now: datetime) -> str:
    """Apply a verb of the machine, save, and return the state it started from."""
    source = str(certificate.state)
    getattr(certificate, verb)()
    certificate.state_since = now
    certificate.save()
    return source
