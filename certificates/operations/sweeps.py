"""What the clock ends: letters after thirty days, certificates after their time (CERT-3)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from alerts.render import Event
from certificates.errors import CertificateUnknown
from certificates.models import Letter
from certificates.operations.history import note
from certificates.operations.lifecycle import end_card, tell_world
from certificates.operations.pairs import end_letters, lock_certificate, move_pair, pair_of
from certificates.operations.telling import tell
from certificates.operations.trying import LOSES
from certificates.policies import reminder_due
from certificates.queries import due
from certificates.states import ENDABLE, ON_HOLD, CertificateState, LetterState


def expire_due(*, now: datetime) -> int:
    """End what is over and remind of what soon will be, each in a transaction of its own.

    Returns how many letters and certificates were looked after.
    """
    return (
        sum(expire_letter(letter_id=pk, now=now) for pk in due.due_letters(now))
        + sum(expire_certificate(certificate_id=pk, now=now) for pk in due.due_certificates(now))
        + sum(remind_expiring(certificate_id=pk, now=now) for pk in due.expiring_certificates(now))
    )


@transaction.atomic(durable=True)
def expire_letter(*, letter_id: int, now: datetime) -> bool:
    """End a letter whose thirty days are over; tell whether it was still open (CERT-2).

    Its application waits for another letter, its suspended certificate stays on hold.
    """
    found = Letter.objects.filter(pk=letter_id).values_list("certificate_id", flat=True).first()
    if found is None:
        raise CertificateUnknown
    certificate = lock_certificate(certificate_id=found)
    letter = Letter.objects.select_for_update().get(pk=letter_id)
    if letter.state != LetterState.PRINTED or letter.expires_at is None or letter.expires_at > now:
        return False
    end_letters(certificate, now)
    verb = LOSES[Letter.Purpose(letter.purpose)]
    source = move_pair(certificate, verb, now)
    note(
        certificate, verb=verb, event="certificates.letter.expired", source=source, actor=None,
        now=now, after={"letter": letter.number},
    )  # fmt: skip
    return True


@transaction.atomic(durable=True)
def expire_certificate(*, certificate_id: int, now: datetime) -> bool:
    """End a certificate whose time is over, with its companion; tell whether it had not ended.

    One on hold leaves the revocation list with it.
    """
    certificate = lock_certificate(certificate_id=certificate_id)
    over = certificate.not_after is not None and certificate.not_after < now
    if not over or certificate.state not in ENDABLE:
        return False
    end_letters(certificate, now)
    source = move_pair(certificate, "expire", now)
    end_card(certificate)
    if source in ON_HOLD:
        tell_world(pair_of(certificate), now)
    if source != CertificateState.ISSUED:
        tell(certificate, Event.CERTIFICATE_EXPIRED, actor=None, now=now, cause="expired")
    note(
        certificate, verb="expire", event="certificates.certificate.expired", source=source,
        actor=None, now=now,
    )  # fmt: skip
    return True


@transaction.atomic(durable=True)
def remind_expiring(*, certificate_id: int, now: datetime) -> bool:
    """Tell that a certificate in force ends within 60, 30 or 7 days, each once (ALR-1)."""
    certificate = lock_certificate(certificate_id=certificate_id)
    days = reminder_due(certificate.not_after, now)
    if certificate.state != CertificateState.ACTIVE or days is None:
        return False
    tell(certificate, Event.CERTIFICATE_EXPIRING, actor=None, now=now, cause=f"expiring:{days}")
    return True
