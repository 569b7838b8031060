"""Sealed password letters: printed once, tried five times, used once (CERT-2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F

from audit import operations as audit
from certificates import gateways
from certificates.errors import HolderUnknown
from certificates.formats.letters import format_secret, hash_secret, new_secret, secret_matches
from certificates.formats.profiles import Purpose, RevocationReason
from certificates.models import Certificate, Letter
from certificates.operations.history import move, note
from certificates.operations.lifecycle import revoke_step
from certificates.permissions import Permission, check_manage
from certificates.policies import LETTER_LIFETIME, LETTER_TRIES, read_letter_number
from certificates.states import OPEN_LETTER, WAITING, CertificateState, LetterState
from identity.models import User
from identity.operations import home_chain
from kernel import ids

_NO_HASH = bytes(32)


@dataclass(frozen=True, slots=True)
class PrintedLetter:
    """Carry what is printed on a letter; the secret exists nowhere else. Never logged."""

    number: str
    secret: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"PrintedLetter({self.number})"


@transaction.atomic(durable=True)
def issue_letter(*, holder_id: int, actor: User | None, now: datetime) -> PrintedLetter:
    """Print a letter with which its holder can enrol a signing certificate (CERT-1, CERT-2).

    Supersedes the holder's open letter; a certificate that was issued and never confirmed is
    revoked, so that one application waits at a time. A certificate in force stays untouched
    until the new one is confirmed.
    """
    return issue_letter_step(holder_id=holder_id, actor=actor, now=now)


def issue_letter_step(*, holder_id: int, actor: User | None, now: datetime) -> PrintedLetter:
    """Print a letter as part of a larger act, such as a counter application."""
    audit.require_transaction()
    holder = lock_holder(holder_id)
    check_manage(actor, holder, Permission.PRINT_LETTER)
    certificate = _application(holder, actor, now)
    number, secret = f"{ids.readable(4)}-{ids.readable(4)}", new_secret()
    stored = number.replace("-", "")
    letter = Letter(
        number=stored,
        holder=holder,
        certificate=certificate,
        purpose=Letter.Purpose.ENROL,
        secret_hmac=hash_secret(secret, key=gateways.letter_key(), letter_number=stored),
        prepared_at=now,
        expires_at=now + LETTER_LIFETIME,
    )
    letter.print()
    letter.save(force_insert=True)
    source = move(certificate, "print_letter", now)
    note(
        certificate, verb="print_letter", event="certificates.letter.printed", source=source,
        actor=actor, now=now, after={"letter": stored},
    )  # fmt: skip
    return PrintedLetter(number, format_secret(secret), letter.expires_at)


def lock_holder(holder_id: int) -> User:
    """Lock a holder's row: one act at a time on what waits for them and on their letters."""
    # OF SELF: the company's row is only read; NO KEY: others may go on referring to the person.
    people = User.objects.select_related("company", "unit").filter(pk=holder_id)
    holder = people.select_for_update(of=("self",), no_key=True).first()
    if holder is None:
        raise HolderUnknown
    return holder


def _application(holder: User, actor: User | None, now: datetime) -> Certificate:
    """Return the holder's application, free for a new letter; opens one when none waits."""
    waiting = (
        Certificate.objects.select_for_update()
        .filter(holder=holder, purpose=Purpose.SIGNING.name, state__in=WAITING)
        .first()
    )
    if waiting is not None and waiting.state == CertificateState.ISSUED:
        waiting.holder = holder
        revoke_step(
            certificate=waiting, actor=actor, reason=RevocationReason.SUPERSEDED, now=now,
            why="never confirmed",
        )  # fmt: skip
        waiting = None
    if waiting is None:
        certificate = Certificate(
            holder=holder, purpose=Purpose.SIGNING.name, state_since=now, applied_at=now
        )
        certificate.save(force_insert=True)
        return certificate
    waiting.holder = holder
    _supersede(waiting, actor, now)
    return waiting


def _supersede(certificate: Certificate, actor: User | None, now: datetime) -> None:
    """Let the open letter of an application die and bring the application back to APPLIED."""
    for letter in certificate.letters.select_for_update().filter(state__in=OPEN_LETTER):
        if letter.expires_at <= now:
            letter.expire()
        else:
            letter.supersede()
        letter.ended_at = now
        letter.save()
    if certificate.state == CertificateState.LETTER_PRINTED:
        source = move(certificate, "lose_letter", now)
        note(
            certificate, verb="lose_letter", event="certificates.letter.superseded",
            source=source, actor=actor, now=now,
        )  # fmt: skip


def try_letter(
    *, holder: User, number: str, secret: str, now: datetime
) -> tuple[Letter, Certificate] | None:
    """Return the holder's letter and its application when number and secret are right, else None.

    A step: the caller has locked the holder. A wrong secret is counted, the fifth locks the
    letter. Unknown, another person's, expired, locked, superseded and used letters do the same
    work as a wrong secret: the same statements and one hash (CERT-2).
    """
    audit.require_transaction()
    typed = read_letter_number(number)
    letter = (
        Letter.objects.select_related("certificate")
        .select_for_update(of=("self",))
        .filter(number=typed, holder=holder, purpose=Letter.Purpose.ENROL)
        .first()
    )
    stored = bytes(letter.secret_hmac) if letter is not None else _NO_HASH
    right = secret_matches(secret, key=gateways.letter_key(), letter_number=typed, stored=stored)
    open_now = (
        letter is not None and letter.state == LetterState.PRINTED and now < letter.expires_at
    )
    if letter is not None and open_now and right:
        certificate = letter.certificate
        certificate.holder = holder
        return letter, certificate
    _count_failure(holder, letter if open_now else None, now)
    return None


def _count_failure(holder: User, letter: Letter | None, now: datetime) -> None:
    """Count a failed try on an open letter; on any other do the same work to no effect."""
    locks = letter is not None and letter.tries + 1 >= LETTER_TRIES
    counted = Letter.objects.filter(pk=letter.pk if letter is not None else 0)
    counted.update(tries=F("tries") + 1)
    audit.record(
        chain=home_chain(holder),
        event="certificates.letter.refused",
        actor=holder.public_id,
        target=f"user:{holder.public_id}",
        now=now,
        after={"locked": locks},
    )
    if letter is not None and locks:
        letter.refresh_from_db(fields=["tries"])
        letter.lock()
        letter.ended_at = now
        letter.save()
        certificate = Certificate.objects.select_for_update().get(pk=letter.certificate_id)
        certificate.holder = holder
        source = move(certificate, "lose_letter", now)
        note(
            certificate, verb="lose_letter", event="certificates.letter.locked",
            source=source, actor=holder, now=now,
        )  # fmt: skip
