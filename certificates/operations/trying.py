"""Take number and secret of a letter: five tries, one use, one answer to every failure (CERT-2)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from audit import operations as audit
from certificates import gateways
from certificates.formats.letters import secret_matches
from certificates.models import Certificate, Letter
from certificates.operations.history import note
from certificates.operations.pairs import lock_certificate, move_pair
from certificates.policies import LETTER_TRIES, read_letter_number
from certificates.states import LetterState
from identity.models import User
from identity.operations import home_chain

_NO_HASH = bytes(32)
LOSES = {Letter.Purpose.ENROL: "lose_letter", Letter.Purpose.UNSUSPEND: "lose_unsuspension_letter"}


def try_letter(
    *, holder: User, purpose: str, number: str, secret: str, now: datetime
) -> tuple[Letter, Certificate] | None:
    """Return the holder's letter and its certificate when number and secret are right, else None.

    A step: the caller has locked the holder. A wrong secret is counted, the fifth locks the
    letter. Unknown, another person's, another purpose's, expired, locked, superseded and used
    letters do the same work as a wrong secret: the same statements and one hash (CERT-2).
    """
    audit.require_transaction()
    typed = read_letter_number(number)
    letter = (
        Letter.objects.select_related("certificate")
        .select_for_update(of=("self",))
        .filter(number=typed, holder=holder, purpose=purpose)
        .first()
    )
    stored = bytes(letter.secret_hmac or _NO_HASH) if letter is not None else _NO_HASH
    right = secret_matches(secret, key=gateways.letter_key(), letter_number=typed, stored=stored)
    open_now = letter is not None and _is_open(letter, now)
    if letter is not None and open_now and right:
        certificate = letter.certificate
        certificate.holder = holder
        return letter, certificate
    _count_failure(holder, letter if open_now else None, now)
    return None


def consume(letter: Letter, now: datetime) -> None:
    """Use a letter up."""
    letter.consume()
    letter.ended_at = now
    letter.save()


def _is_open(letter: Letter, now: datetime) -> bool:
    return (
        letter.state == LetterState.PRINTED
        and letter.expires_at is not None
        and now < letter.expires_at
    )


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
        certificate = lock_certificate(certificate_id=letter.certificate_id)
        verb = LOSES[Letter.Purpose(letter.purpose)]
        source = move_pair(certificate, verb, now)
        note(
            certificate, verb=verb, event="certificates.letter.locked",
            source=source, actor=holder, now=now,
        )  # fmt: skip
