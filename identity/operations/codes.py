"""Send a person a code and take it back once: to verify, to begin, to register, to release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import F, Sum
from django.utils.crypto import constant_time_compare

from alerts import operations as alerts
from alerts.render import Channel, Recipient
from audit import operations as audit
from identity import queries
from identity.errors import NowhereToSend
from identity.errors.codes import TooManyWrongCodes
from identity.formats import address_mark, code_hmac, derive_code, read_code
from identity.models import OneTimeCode, SignInPolicy, User
from identity.operations.people import home_chain
from kernel import ids

Purpose = OneTimeCode.Purpose
# Three tries are three of one message; these are those of all messages of a day.
MOST_WRONG, WRONG_WITHIN = 10, timedelta(hours=24)
# No row has this key, nobody this number: for work that must look the same without a person.
NOBODY, UNKNOWN = 0, "unknown"


class CodeOutcome(StrEnum):
    """Tell what became of a typed code; committed either way, because wrong ones are counted."""

    RIGHT = "right"
    WRONG = "wrong"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class SentCode:
    """Tell where a code went: the channel and the address, masked, and until when it is good."""

    channel: str
    address_masked: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class CodeAddress:
    """Tell where a code would go; `mark` is the same for the same address and tells nothing of it.

    32 hexadecimal characters.
    """

    channel: str
    address_masked: str
    mark: str


def send_code_step(
    *,
    user: User,
    purpose: str,
    subject: str = "",
    to: Recipient | None = None,
    facts: Mapping[str, object] | None = None,
    now: datetime,
) -> SentCode:
    """Send a person a fresh code for one purpose and subject; a step (AUTH-7, AUTH-9).

    It goes to the registered phone, or to the address `to` that is to be verified. Only a code for
    a transaction, which stands beside a signature, also goes by mail where there is no phone: mail
    alone never opens a door. An older code of the same purpose is dead from now on. `subject` is
    64 hexadecimal characters or empty. The person's row is locked: of two sendings at the same
    moment the later one counts. Raises NowhereToSend, TooManyWrongCodes.
    """
    audit.require_transaction()
    # Against each other only: rows that point at the person may be written meanwhile.
    User.objects.select_for_update(of=("self",), no_key=True).only("pk").get(pk=user.pk)
    if _wrong_lately(user.pk, purpose, now) >= MOST_WRONG:
        raise TooManyWrongCodes
    policy = queries.sign_in_policy()
    reader = to or _reader(queries.recipients([user.pk]), purpose)
    code = derive_code(purpose=purpose, subject=subject, salt=ids.token())
    _close(user, purpose, now)
    row = OneTimeCode.objects.create(
        user=user, purpose=purpose, subject=subject, channel=reader.channel,
        code_hmac=code_hmac(code, purpose=purpose, subject=subject, user_key=user.public_id),
        tries_left=policy.code_tries, created_at=now, expires_at=now + _lifetime(purpose, policy),
    )  # fmt: skip
    alerts.enqueue(
        event=f"identity.code.{purpose}", cause=f"code:{row.pk}", recipients=[reader],
        facts={**(facts or {}), "code": code, "deadline": row.expires_at}, now=now, is_secret=True,
    )  # fmt: skip
    _record(user, "identity.code.sent", purpose, now)
    return SentCode(reader.channel, mask_address(reader.address), row.expires_at)


def take_code_step(
    *, user: User | None, purpose: str, subject: str = "", typed: str, now: datetime
) -> CodeOutcome:
    """Take back a code that was sent; a step whose transaction commits whatever it answers.

    The row is locked: a code is good once, and its tries are counted exactly under parallel
    guesses, over all messages of a day too, or more messages would be more guesses. A code for
    another subject is wrong. GONE means that there is none to be typed any more, and a new one has
    to be sent. Every answer costs the same statements and one HMAC, also
    where nobody (None) is meant: who guesses learns nothing of who there is (AUTH-1).
    """
    audit.require_transaction()
    row = (
        OneTimeCode.objects.select_for_update()
        .filter(user_id=user.pk if user else NOBODY, purpose=purpose, closed_at__isnull=True)
        .first()
    )
    key = user.public_id if user else UNKNOWN
    given = code_hmac(read_code(typed), purpose=purpose, subject=subject, user_key=key)
    same = constant_time_compare(given, row.code_hmac if row else "-" * len(given))
    wrong = _wrong_lately(user.pk if user else NOBODY, purpose, now)
    if row is None or row.expires_at <= now or row.tries_left == 0 or wrong >= MOST_WRONG:
        # For a code that is not there the same statement changes nothing.
        OneTimeCode.objects.filter(pk=NOBODY).update(
            tries_left=0, wrong_tries=0, closed_at=now, used_at=None
        )
        _record(user, "identity.code.refused", purpose, now, "gone")
        return CodeOutcome.GONE
    right = same and row.subject == subject
    left = row.tries_left if right else min(row.tries_left, MOST_WRONG - wrong) - 1
    OneTimeCode.objects.filter(pk=row.pk).update(
        tries_left=left,
        wrong_tries=F("wrong_tries") + (0 if right else 1),
        closed_at=now if right or left == 0 else None,
        used_at=now if right else None,
    )
    _record(user, "identity.code.used" if right else "identity.code.refused", purpose, now,
        "" if right else "wrong",
    )  # fmt: skip
    if right:
        return CodeOutcome.RIGHT
    return CodeOutcome.WRONG if left else CodeOutcome.GONE


def code_address(user_id: int) -> CodeAddress:
    """Return where an activation code would be sent to now. Raises NowhereToSend."""
    reader = _reader(queries.recipients([user_id]), Purpose.ACTIVATION)
    mark = address_mark(reader.address)
    return CodeAddress(reader.channel, mask_address(reader.address), mark)


def void_codes_step(*, user: User, purpose: str, now: datetime) -> None:
    """Make every open code of one purpose worthless; a step."""
    audit.require_transaction()
    _close(user, purpose, now)


def mask_address(address: str) -> str:
    """Return an address of which only so much is shown that its owner knows it."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***{at}{domain}" if at else f"***{address[-3:]}"


def _wrong_lately(user_id: int, purpose: str, now: datetime) -> int:
    """Return how many wrong codes were typed for messages that were good within the last day."""
    rows = OneTimeCode.objects.filter(
        user_id=user_id, purpose=purpose, expires_at__gt=now - WRONG_WITHIN
    )
    return rows.aggregate(found=Sum("wrong_tries"))["found"] or 0


def _close(user: User, purpose: str, now: datetime) -> None:
    OneTimeCode.objects.filter(user=user, purpose=purpose, closed_at__isnull=True).update(
        closed_at=now
    )


def _reader(readers: Sequence[Recipient], purpose: str) -> Recipient:
    by_channel = {reader.channel: reader for reader in readers}
    found = by_channel.get(Channel.SMS)
    if found is None and purpose == Purpose.TRANSACTION:
        found = by_channel.get(Channel.EMAIL)
    if found is None:
        raise NowhereToSend()
    return found


def _lifetime(purpose: str, policy: SignInPolicy) -> timedelta:
    if purpose == Purpose.ACTIVATION:
        return timedelta(hours=policy.activation_hours)
    return timedelta(minutes=policy.code_minutes)


def _record(user: User | None, event: str, purpose: str, now: datetime, reason: str = "") -> None:
    name = user.public_id if user else UNKNOWN
    audit.record(
        chain=home_chain(user) if user else audit.BANK, event=event, actor=name,
        target=f"user:{name}", now=now, reason=reason, after={"purpose": str(purpose)},
    )  # fmt: skip
