"""Verify and change the addresses a person is reached at: nothing counts before its code."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from alerts import operations as alerts
from alerts.render import Recipient
from audit import operations as audit
from identity import queries
from identity.errors import AddressRefused, NothingToVerify, PhoneFirst, PhoneFromBank, TooManyCodes
from identity.models import ContactPoint, OneTimeCode, User
from identity.operations.codes import (
    CodeOutcome,
    Purpose,
    SentCode,
    mask_address,
    send_code_step,
    take_code_step,
)
from identity.operations.first_use import insist_on_step, lock_person, record_own
from identity.operations.guessing import count_wrong_password, opens
from identity.operations.people import home_chain
from identity.operations.verifying import password_fits
from identity.permissions import check_fresh_factor
from identity.policies import STRONG_FACTORS, Step, is_address
from identity.states import UserState
from kernel import ids

MOST_CODES = 5
MOST_CODES_IN = timedelta(minutes=10)


@transaction.atomic(durable=True)
def send_contact_code(*, actor: User, channel: str, now: datetime) -> SentCode:
    """Send a code to the address that waits to be verified, first or once more (DEL-3).

    Raises NothingToVerify, TooManyCodes; NotThisStep where first use stands elsewhere.
    """
    user = _lock(actor, now)
    row = ContactPoint.objects.filter(user=user, channel=channel).first()
    waiting = _waiting(row)
    if not waiting:
        raise NothingToVerify()
    return _send(user, channel, waiting, now)


def want_contact(
    *, actor: User, channel: str, address: str, password: str, has_card: bool, now: datetime
) -> SentCode | None:
    """Note another address and send a code there; the one in use stays and is told (AUTH-6).

    During first use the mail address is replaced once the phone is verified, and the phone by
    nobody: mail and a password that somebody was given never open a door. Later it asks for a
    stronger factor, just shown, of whoever holds a card (`has_card`) or works for the bank, else
    for the password: where that is wrong it is counted, and None is returned. Raises StepUpNeeded,
    PhoneFirst, PhoneFromBank, AddressRefused, TooManyCodes, NotThisStep, DoorCrowded.
    """
    if not is_address(channel, address):
        raise AddressRefused(channel)
    proved = "" if actor.first_used_at is None else _prove(actor, password, has_card, now)
    return _want(actor, channel, address, proved, now)


def _prove(actor: User, password: str, has_card: bool, now: datetime) -> str:
    """Insist on the factor, or return the hash that the password was checked by; empty if wrong."""
    if has_card or actor.is_staff or actor.factor in STRONG_FACTORS:
        check_fresh_factor(actor, now=now)
        return ""
    stored = User.objects.values_list("password", flat=True).get(pk=actor.pk)
    # Before the transaction: it takes its time on purpose (PWD-3).
    return stored if password_fits(password, stored) else ""


@transaction.atomic(durable=True)
def _want(actor: User, channel: str, address: str, checked: str, now: datetime) -> SentCode | None:
    user, is_strong = _lock(actor, now), actor.factor in STRONG_FACTORS
    if user.first_used_at is None:
        _insist_on_phone(user, channel)
    elif user.state != UserState.ACTIVE or not (is_strong or opens(user, checked=checked)):
        count_wrong_password(user, policy=queries.sign_in_policy(), now=now)
        record_own(user, "identity.user.password_refused", now)
        return None
    row, _created = ContactPoint.objects.get_or_create(user=user, channel=channel)
    ContactPoint.objects.filter(pk=row.pk).update(wanted_address=address)
    _tell(user, "identity.contact.asked", channel, mask_address(address), now)
    sent = _send(user, channel, address, now)
    _record(user, "identity.contact.asked", channel, now)
    return sent


@transaction.atomic(durable=True)
def take_contact_code(*, actor: User, channel: str, typed: str, now: datetime) -> CodeOutcome:
    """Take back the code that was sent to an address; a right one puts the address in force.

    Committed whatever it answers, because wrong ones are counted. Whoever was reached at the
    address before is told there. Raises NothingToVerify, NotThisStep.
    """
    user = _lock(actor, now)
    row = ContactPoint.objects.select_for_update().filter(user=user, channel=channel).first()
    waiting = _waiting(row)
    if row is None or not waiting:
        raise NothingToVerify()
    subject = _subject(channel, waiting)
    outcome = take_code_step(
        user=user, purpose=Purpose.CONTACT, subject=subject, typed=typed, now=now
    )
    if outcome != CodeOutcome.RIGHT:
        return outcome
    if row.wanted_address:
        _tell(user, "identity.contact.changed", channel, mask_address(waiting), now)
    ContactPoint.objects.filter(pk=row.pk).update(
        address=waiting, wanted_address="", verified_at=now
    )
    event = "identity.contact.changed" if row.wanted_address else "identity.contact.verified"
    _record(user, event, channel, now)
    return outcome


def _lock(actor: User, now: datetime) -> User:
    """Lock a person; before first use is over, only its own step touches their addresses."""
    user = lock_person(actor)
    if user.first_used_at is None:
        insist_on_step(user, Step.BASIC_DATA, now=now)
    return user


def _waiting(row: ContactPoint | None) -> str:
    """Return the address that waits for its code, or empty text."""
    if row is None:
        return ""
    return row.wanted_address or ("" if row.verified_at is not None else row.address)


def _insist_on_phone(user: User, channel: str) -> None:
    """Insist that a newcomer has shown the registered phone before anything else is replaced."""
    if channel == ContactPoint.Channel.SMS:
        raise PhoneFromBank()
    phones = ContactPoint.objects.filter(user=user, channel=ContactPoint.Channel.SMS)
    if not phones.filter(verified_at__isnull=False).exists():
        raise PhoneFirst()


def _send(user: User, channel: str, address: str, now: datetime) -> SentCode:
    since = now - MOST_CODES_IN
    codes = OneTimeCode.objects.filter(user=user, purpose=Purpose.CONTACT, created_at__gt=since)
    if codes.count() >= MOST_CODES:
        raise TooManyCodes()
    reader = Recipient(
        key=user.public_id, channel=channel, address=address, language=user.language,
        company_key=user.company.code if user.company else "",
    )  # fmt: skip
    subject = _subject(channel, address)
    return send_code_step(user=user, purpose=Purpose.CONTACT, subject=subject, to=reader, now=now)


def _subject(channel: str, address: str) -> str:
    return ids.digest(f"{channel}\n{address}")


def _tell(user: User, event: str, channel: str, new_masked: str, now: datetime) -> None:
    """Tell a person at every address in force, the one that is to go included."""
    alerts.enqueue(
        event=event,
        cause=f"contact:{user.public_id}:{channel}:{now.isoformat()}",
        recipients=queries.recipients([user.pk]),
        facts={
            "subject_text": new_masked,
            "actor_name": user.display_name,
            "company_name": user.company.name if user.company else "",
        },
        now=now,
    )


def _record(user: User, event: str, channel: str, now: datetime) -> None:
    audit.record(
        chain=home_chain(user), event=event, actor=user.public_id,
        target=f"user:{user.public_id}", now=now, after={"channel": channel},
    )  # fmt: skip
