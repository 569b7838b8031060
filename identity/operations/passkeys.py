"""Register, use and end passkeys: the second factor of the bank's people (AUTH-1, AUTH-5)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import PermissionMissing, StepUpNeeded, TooManyTries
from identity.errors.passkeys import LastFactor, PasskeysImpossible, PasskeyUnknown, TooManyPasskeys
from identity.formats import passkeys as format_
from identity.formats.passkeys import Answer, AnswerUnfit, RelyingParty
from identity.gateways import short_memory
from identity.models import Passkey, PasskeyChallenge, User
from identity.operations.codes import CodeOutcome, Purpose, SentCode, send_code_step, take_code_step
from identity.operations.people import home_chain
from identity.operations.sessions import step_up_step
from identity.permissions import check_fresh_factor
from identity.policies import (
    PASSKEY_CODES_MOST,
    PASSKEY_MINUTES,
    PASSKEYS_MOST,
    STRONG_FACTORS,
    Factor,
    counter_moves_on,
)

_LIFETIME = timedelta(minutes=PASSKEY_MINUTES)
_REGISTER, _SIGN_IN = "register", "sign in"
_REGISTERED, _STEPPED_UP = "identity.passkey.registered", "identity.session.stepped_up"


class PasskeyOutcome(StrEnum):
    """Tell what became of an authenticator's answer; committed either way, as refusals count."""

    DONE = "done"
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class PasskeyResult:
    """Tell the outcome; after signing in also the session's new cookie value."""

    outcome: PasskeyOutcome
    session_key: str = ""


@dataclass(frozen=True, slots=True)
class BegunRegistration:
    """Tell what the browser is to ask its authenticator, or why the typed code is no good."""

    code: CodeOutcome
    options: dict[str, Any] = field(default_factory=dict)


def count_passkey_try(*, actor: User) -> None:
    """Count one more answer of a person's authenticators, before the door is tried (AUTH-10).

    Raises TooManyTries; DoorShut where nothing can be counted.
    """
    _count(f"passkey:{actor.pk}")


def count_passkey_code(*, actor: User) -> None:
    """Count one more code that a person has sent to themselves, before it is sent (AUTH-10).

    Raises TooManyTries; DoorShut where nothing can be counted.
    """
    _count(f"passkey-code:{actor.pk}", most=PASSKEY_CODES_MOST)


@transaction.atomic(durable=True)
def send_passkey_code(*, actor: User, holds_card: bool, now: datetime) -> SentCode:
    """Send a person the code that a first passkey is registered with (AUTH-1).

    `holds_card` says whether a card in force is their second factor: rooms above know of cards.
    Raises StepUpNeeded where there is a factor that has to be shown instead, NowhereToSend.
    """
    person = _lock(actor)
    _needs_code(actor, holds_card=holds_card, now=now)
    return send_code_step(user=person, purpose=Purpose.PASSKEY, now=now)


@transaction.atomic(durable=True)
def begin_passkey_registration(
    *, actor: User, session_key_sha256: str, holds_card: bool, code: str, now: datetime
) -> BegunRegistration:
    """Put the question to an authenticator that a new passkey answers.

    Whoever has just shown a strong factor needs no `code`. A password alone registers nothing:
    whoever has no factor yet types the code that went to their phone; whoever has one shows it
    first. A code that was right counts for this session until its question expires, so that a touch
    that went wrong may be tried again. Raises StepUpNeeded, TooManyPasskeys, PasskeysImpossible.
    """
    party = _party()
    person = _lock(actor)
    known = _known(person)
    if len(known) >= PASSKEYS_MOST:
        raise TooManyPasskeys
    expires_at = now + _LIFETIME
    if _needs_code(actor, holds_card=holds_card, now=now):
        proof = queries.registration_proved_until(
            person.pk, session_key_sha256=session_key_sha256, now=now
        )
        if proof is None:
            outcome = take_code_step(user=person, purpose=Purpose.PASSKEY, typed=code, now=now)
            if outcome != CodeOutcome.RIGHT:
                return BegunRegistration(outcome)
        expires_at = proof or expires_at
    challenge = _ask(person, session_key_sha256, _REGISTER, expires_at=expires_at, now=now)
    options = format_.registration_options(
        party, challenge=challenge, handle=person.public_id, login_name=person.login_name,
        display_name=person.display_name, known=known, milliseconds=_milliseconds(expires_at - now),
    )  # fmt: skip
    return BegunRegistration(CodeOutcome.RIGHT, options)


@transaction.atomic(durable=True)
def register_passkey(
    *,
    actor: User,
    session_key_sha256: str,
    holds_card: bool,
    answer: Answer,
    name: str,
    now: datetime,
) -> PasskeyResult:
    """Keep a new passkey of a person, under a name of at most 40 characters (AUTH-1).

    The question is used up whatever is answered. The session stays what it was: the new passkey
    is shown once before it opens anything. Raises StepUpNeeded, TooManyPasskeys.
    """
    party = _party()
    person = _lock(actor)
    _needs_code(actor, holds_card=holds_card, now=now)
    if len(_known(person)) >= PASSKEYS_MOST:
        raise TooManyPasskeys
    challenge = _take(person, session_key_sha256, _REGISTER, answer, now)
    if challenge is None:
        return _refuse(person, _REGISTERED, "no open question", now, PasskeyOutcome.GONE)
    try:
        found = format_.read_registration(answer, party, challenge=challenge)
    except AnswerUnfit as error:
        return _refuse(person, _REGISTERED, str(error), now)
    passkey, is_new = Passkey.objects.get_or_create(
        credential_id=found.credential_id,
        defaults={
            "user": person, "public_key": found.public_key, "sign_count": found.sign_count,
            "name": name, "created_at": now,
        },
    )  # fmt: skip
    if not is_new:
        return _refuse(person, _REGISTERED, "registered before", now)
    _record(person, _REGISTERED, now, after={"passkey": passkey.pk, "name": name})
    _tell(person, _REGISTERED, passkey, now)
    return PasskeyResult(PasskeyOutcome.DONE)


@transaction.atomic(durable=True)
def begin_passkey_sign_in(*, actor: User, session_key_sha256: str, now: datetime) -> dict[str, Any]:
    """Put the question to a person's authenticators that shows their second factor.

    Returns what the browser is to ask. Raises PasskeyUnknown where they have none,
    PasskeysImpossible.
    """
    party = _party()
    person = _lock(actor)
    known = _known(person)
    if not known:
        raise PasskeyUnknown
    challenge = _ask(person, session_key_sha256, _SIGN_IN, expires_at=now + _LIFETIME, now=now)
    return format_.sign_in_options(
        party, challenge=challenge, known=known, milliseconds=_milliseconds(_LIFETIME)
    )


@transaction.atomic(durable=True)
def sign_in_with_passkey(
    *, actor: User, session_key_sha256: str, answer: Answer, now: datetime
) -> PasskeyResult:
    """Let the session go on as one whose person has shown a passkey (AUTH-1, AUTH-5).

    The question is used up whatever is answered. A counter that has not moved on means that there
    are two of a passkey: refused. Raises StandingChanged where the session has ended meanwhile.
    """
    party = _party()
    person = _lock(actor)
    challenge = _take(person, session_key_sha256, _SIGN_IN, answer, now)
    if challenge is None:
        return _refuse(person, _STEPPED_UP, "no open question", now, PasskeyOutcome.GONE)
    try:
        passkey = Passkey.objects.select_for_update().get(
            user=person, credential_id=format_.read_credential_id(answer), ended_at__isnull=True
        )
        given = format_.read_assertion(
            answer, party, challenge=challenge, public_key=bytes(passkey.public_key)
        )
    except Passkey.DoesNotExist:
        return _refuse(person, _STEPPED_UP, "no passkey of this person", now)
    except AnswerUnfit as error:
        return _refuse(person, _STEPPED_UP, str(error), now)
    if not counter_moves_on(stored=passkey.sign_count, given=given):
        return _refuse(person, _STEPPED_UP, f"the counter of passkey {passkey.pk} stood", now)
    passkey.sign_count, passkey.last_used_at = given, now
    passkey.save(update_fields=["sign_count", "last_used_at"])
    key = step_up_step(user=person, key_sha256=session_key_sha256, factor=Factor.PASSKEY, now=now)
    return PasskeyResult(PasskeyOutcome.DONE, key)


@transaction.atomic(durable=True)
def end_passkey(*, actor: User, passkey_id: int, holds_card: bool, now: datetime) -> None:
    """End one of one's own passkeys for good; the last factor stays (AUTH-1).

    Raises StepUpNeeded, PasskeyUnknown, LastFactor.
    """
    check_fresh_factor(actor, now=now)
    person = _lock(actor)
    passkey = Passkey.objects.filter(user=person, pk=passkey_id, ended_at__isnull=True).first()
    if passkey is None:
        raise PasskeyUnknown
    if len(_known(person)) == 1 and not holds_card:
        raise LastFactor
    _end(person, passkey, actor=person.public_id, now=now)


def end_passkeys_step(*, user: User, actor: str, now: datetime) -> int:
    """End every passkey of a person who gets new credentials; a step (AUTH-9).

    `actor` is the public id of who decided it. Returns how many there were.
    """
    audit.require_transaction()
    found = list(Passkey.objects.select_for_update().filter(user=user, ended_at__isnull=True))
    for passkey in found:
        _end(user, passkey, actor=actor, now=now)
    return len(found)


def _count(key: str, *, most: int | None = None) -> None:
    policy = queries.sign_in_policy()
    hits = short_memory().hit(key, seconds=policy.limit_minutes * 60)
    if hits > (most or policy.account_limit):
        raise TooManyTries(minutes=policy.limit_minutes)


def _party() -> RelyingParty:
    party = format_.relying_party()
    if not party.host:
        raise PasskeysImpossible
    return party


def _lock(actor: User) -> User:
    """Return the person's locked row; people of customers have no passkeys."""
    person = User.objects.select_for_update(of=("self",)).select_related("unit").get(pk=actor.pk)
    if person.unit is None:
        raise PermissionMissing("identity.passkey.register")
    return person


def _needs_code(actor: User, *, holds_card: bool, now: datetime) -> bool:
    if actor.factor in STRONG_FACTORS:
        check_fresh_factor(actor, now=now)
        return False
    if holds_card or queries.has_passkey(actor.pk):
        raise StepUpNeeded
    return True


def _known(person: User) -> list[bytes]:
    rows = Passkey.objects.filter(user=person, ended_at__isnull=True).order_by("pk")
    return [bytes(one) for one in rows.values_list("credential_id", flat=True)]


def _ask(
    person: User, session_key_sha256: str, purpose: str, *, expires_at: datetime, now: datetime
) -> bytes:
    """Store a fresh question of 256 random bits; an older one of this session is closed."""
    PasskeyChallenge.objects.filter(
        user=person, session_key_sha256=session_key_sha256, purpose=purpose, used_at__isnull=True
    ).update(used_at=now)
    challenge = secrets.token_bytes(32)
    PasskeyChallenge.objects.create(
        challenge=challenge, user=person, session_key_sha256=session_key_sha256, purpose=purpose,
        expires_at=expires_at,
    )  # fmt: skip
    return challenge


def _take(
    person: User, session_key_sha256: str, purpose: str, answer: Answer, now: datetime
) -> bytes | None:
    """Use up the question that an answer names: of two answers to it, one gets it."""
    try:
        challenge = format_.read_challenge(answer)
    except AnswerUnfit:
        return None
    taken = PasskeyChallenge.objects.filter(
        challenge=challenge, user=person, session_key_sha256=session_key_sha256, purpose=purpose,
        used_at__isnull=True, expires_at__gt=now,
    ).update(used_at=now)  # fmt: skip
    return challenge if taken else None


def _end(person: User, passkey: Passkey, *, actor: str, now: datetime) -> None:
    Passkey.objects.filter(pk=passkey.pk).update(ended_at=now)
    audit.record(
        chain=home_chain(person), event="identity.passkey.ended", actor=actor,
        target=f"user:{person.public_id}", now=now,
        after={"passkey": passkey.pk, "name": passkey.name},
    )  # fmt: skip
    _tell(person, "identity.passkey.ended", passkey, now)


def _tell(person: User, event: str, passkey: Passkey, now: datetime) -> None:
    alerts.enqueue(
        event=event, cause=f"passkey:{passkey.pk}:{event}",
        recipients=queries.recipients([person.pk]),
        facts={"actor_name": person.display_name, "subject_text": passkey.name}, now=now,
    )  # fmt: skip


def _refuse(
    person: User,
    event: str,
    reason: str,
    now: datetime,
    outcome: PasskeyOutcome = PasskeyOutcome.REFUSED,
) -> PasskeyResult:
    _record(person, f"{event}.refused", now, reason=reason[:200])
    return PasskeyResult(outcome)


def _record(
    person: User,
    event: str,
    now: datetime,
    *,
    reason: str = "",
    after: Mapping[str, object] | None = None,
) -> None:
    audit.record(
        chain=home_chain(person), event=event, actor=person.public_id,
        target=f"user:{person.public_id}", now=now, reason=reason, after=after or {},
    )  # fmt: skip


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
