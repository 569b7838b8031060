"""Sealed password letters: prepared, then printed once with a secret made then (CERT-1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from alerts.render import Event
from audit import operations as audit
from certificates import gateways
from certificates.errors import CertificateStateChanged, LetterNotPrintable
from certificates.formats.letters import format_secret, hash_secret, new_secret
from certificates.formats.profiles import KeyStorage, RevocationReason
from certificates.models import Certificate, Letter
from certificates.operations.history import note, note_letter
from certificates.operations.lifecycle import revoke_step
from certificates.operations.pairs import (
    end_letters,
    lock_certificate,
    lock_holder,
    lock_waiting,
    move_pair,
)
from certificates.operations.starting import start_application
from certificates.operations.telling import tell
from certificates.permissions import Permission, check_manage, check_theirs
from certificates.policies import LETTER_LIFETIME
from certificates.states import CertificateState, LetterState
from identity.models import User
from kernel import ids

# Which letter a certificate in this state may have.
_PURPOSES = {
    CertificateState.APPLIED: Letter.Purpose.ENROL,
    CertificateState.LETTER_PRINTED: Letter.Purpose.ENROL,
    CertificateState.UNSUSPENDING: Letter.Purpose.UNSUSPEND,
}


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """Carry what is printed on a letter; the secret exists nowhere else. Never logged."""

    number: str
    secret: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"PrintedLetter({self.number})"


def prepare_letter(certificate: Certificate, now: datetime) -> Letter:
    """Prepare the letter of a locked certificate: it has a number, and no secret until printed."""
    letter = Letter(
        number=ids.readable(8),
        holder=certificate.holder,
        certificate=certificate,
        purpose=_PURPOSES[CertificateState(certificate.state)],
        prepared_at=now,
    )
    letter.save(force_insert=True)
    return letter


def print_letter_step(*, certificate_id: int, actor: User | None, now: datetime) -> PrintedLetter:
    """Make the secret of the letter that was prepared and return what is printed, once (CERT-1).

    The letter of an application or of a suspension to be lifted; whoever prints needs the right
    to. Raises LetterNotPrintable when none is prepared, a printed one included.
    """
    certificate = lock_certificate(certificate_id=certificate_id)
    check_manage(actor, certificate.holder, Permission.PRINT_LETTER)
    return _print(certificate, actor, now)


def reprint_step(*, certificate_id: int, actor: User | None, now: datetime) -> None:
    """Let the open letter die and prepare another with a new secret, to be printed (CERT-7).

    Also where the last one expired or was locked. Raises CertificateStateChanged when the
    certificate waits for no letter.
    """
    certificate = lock_certificate(certificate_id=certificate_id)
    check_theirs(actor, certificate.holder)
    supersede(certificate, actor, now)
    letter = prepare_letter(certificate, now)
    note_letter(letter, "certificates.letter.prepared", actor=actor, now=now)


@transaction.atomic(durable=True)
def issue_letter(*, holder_id: int, actor: User | None, now: datetime) -> PrintedLetter:
    """Apply for a holder and print the letter in one act: the bank's own door (CERT-1, CERT-2).

    Supersedes the holder's open letter; a certificate that was issued and never confirmed is
    revoked, so that one application waits at a time. A certificate in force stays untouched
    until the new one is confirmed.
    """
    return issue_letter_step(holder_id=holder_id, actor=actor, now=now)


def issue_letter_step(*, holder_id: int, actor: User | None, now: datetime) -> PrintedLetter:
    """Apply and print as part of a larger act, such as founding a bank of examples."""
    audit.require_transaction()
    holder = lock_holder(holder_id)
    check_manage(actor, holder, Permission.PRINT_LETTER)
    waiting = lock_waiting(holder)
    if waiting is not None and waiting.state == CertificateState.ISSUED:
        revoke_step(
            certificate=waiting, actor=actor, reason=RevocationReason.SUPERSEDED, now=now,
            why="never confirmed",
        )  # fmt: skip
        waiting = None
    if waiting is None:
        waiting = start_application(holder=holder, storage=KeyStorage.BROWSER, actor=actor, now=now)
    else:
        supersede(waiting, actor, now)
    prepare_letter(waiting, now)
    return _print(waiting, actor, now)


def supersede(certificate: Certificate, actor: User | None, now: datetime) -> None:
    """Let the open letter of a locked certificate die; an application waits for another again."""
    if certificate.state not in _PURPOSES:
        raise CertificateStateChanged(certificate.state)
    ended = end_letters(certificate, now)
    if certificate.state == CertificateState.LETTER_PRINTED:
        source = move_pair(certificate, "lose_letter", now)
        note(
            certificate, verb="lose_letter", event="certificates.letter.superseded",
            source=source, actor=actor, now=now,
        )  # fmt: skip
        return
    for letter in ended:
        letter.certificate = certificate
        note_letter(letter, "certificates.letter.superseded", actor=actor, now=now)


def _print(certificate: Certificate, actor: User | None, now: datetime) -> PrintedLetter:
    letter = certificate.letters.select_for_update().filter(state=LetterState.PREPARED).first()
    if letter is None or certificate.state not in _PURPOSES:
        raise LetterNotPrintable
    secret = new_secret()
    letter.secret_hmac = hash_secret(secret, key=gateways.letter_key(), letter_number=letter.number)
    letter.printed_at, letter.expires_at = now, now + LETTER_LIFETIME
    letter.print()
    letter.save()
    tell(certificate, Event.LETTER_PRINTED, actor=actor, now=now, cause=f"letter:{letter.number}")
    event = "certificates.letter.printed"
    if certificate.state == CertificateState.APPLIED:
        source = move_pair(certificate, "print_letter", now)
        note(
            certificate, verb="print_letter", event=event, source=source, actor=actor, now=now,
            after={"letter": letter.number},
        )  # fmt: skip
    else:
        letter.certificate = certificate
        note_letter(letter, event, actor=actor, now=now)
    number = f"{letter.number[:4]}-{letter.number[4:]}"
    return PrintedLetter(number, format_secret(secret), letter.expires_at)
