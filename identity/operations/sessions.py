"""End sessions, keep them awake, move them to a stronger factor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest, Least

from audit import operations as audit
from identity import queries
from identity.errors import StandingChanged
from identity.formats import session_digest
from identity.models import Session, User
from identity.operations.people import home_chain
from kernel import ids

# A batch is short: it holds the heads of audit chains that acts are waiting for.
MOST_ENDED = 50


@transaction.atomic(durable=True)
def sign_out(*, key_sha256: str, now: datetime) -> None:
    """End a session at its person's wish; nothing happens where it has already ended."""
    session = Session.objects.select_for_update(of=("self",)).filter(
        key_sha256=key_sha256, ended_at__isnull=True
    ).select_related("user__company", "user__unit").first()  # fmt: skip
    if session is not None:
        end_step(session, "signed out", now)
        record_sign_in(session.user, "identity.session.ended", now, "")


@transaction.atomic(durable=True)
def end_own_sessions(*, actor: User, now: datetime) -> int:
    """End every live session of the person who asks, this one too (AUTH-8).

    Returns how many there were.
    """
    return end_sessions(user=actor, why="signed out", now=now)


@transaction.atomic(durable=True)
def end_idle(*, now: datetime) -> int:
    """End and write down a batch of sessions that were left idle or have had their time (SES-1).

    They stand no more since the moment they ran out, whatever this does: it closes the books on
    them, with the name, the address and the moment (AUTH-8). Returns how many were ended; what
    another process is busy with is left to the next time.
    """
    policy = queries.sign_in_policy()
    idle = Least(F("idle_minutes"), Value(policy.idle_minutes)) * timedelta(minutes=1)
    over = Q(expires_at__lte=now) | Q(started_at__lte=now - timedelta(hours=policy.absolute_hours))
    sessions = list(
        Session.objects.select_for_update(of=("self",), skip_locked=True)
        .select_related("user__company", "user__unit")
        .filter(over | Q(seen_at__lte=Value(now) - idle), ended_at__isnull=True)
        .order_by("seen_at")[:MOST_ENDED]
    )
    Session.objects.filter(pk__in=[session.pk for session in sessions]).update(
        ended_at=now, ended_why="idle"
    )
    # Chain by chain in one order, so that two who end sessions wait and never deadlock.
    for session in sorted(sessions, key=lambda one: (home_chain(one.user), one.pk)):
        record_sign_in(session.user, "identity.session.ended", now, "idle", address=session.address)
    return len(sessions)


def end_sessions(*, user: User, why: str, now: datetime) -> int:
    """End every session of a person at once; a step (SES-2). Returns how many there were.

    `why` is a few words of at most 20 characters that the list of sign-ins shows.
    """
    audit.require_transaction()
    ended = Session.objects.filter(user=user, ended_at__isnull=True).update(
        ended_at=now, ended_why=why
    )
    if ended:
        record_sign_in(user, "identity.session.ended", now, why)
    return ended


def end_step(session: Session, why: str, now: datetime) -> None:
    """End one session; a step that leaves it to the caller to write it down."""
    Session.objects.filter(pk=session.pk).update(ended_at=now, ended_why=why)


def step_up_step(*, user: User, key_sha256: str, factor: str, now: datetime) -> str:
    """Note that the person of a live session has shown this factor too; a step (AUTH-5).

    The session goes on under a new key, which is returned: whoever had learnt the old one has
    nothing. Raises StandingChanged where the session has ended meanwhile.
    """
    audit.require_transaction()
    key = ids.token()
    moved = Session.objects.filter(key_sha256=key_sha256, user=user, ended_at__isnull=True).update(
        key_sha256=session_digest(key), factor=factor, stepped_up_at=now, seen_at=_seen(now)
    )
    if not moved:
        raise StandingChanged()
    record_sign_in(user, "identity.session.stepped_up", now, str(factor))
    return key


@transaction.atomic(durable=True)
def touch_session(*, key_sha256: str, now: datetime) -> None:
    """Note that a session was used, which moves its idle deadline (SES-1).

    Never backwards: of two servers one may be behind the other.
    """
    Session.objects.filter(key_sha256=key_sha256, ended_at__isnull=True).update(seen_at=_seen(now))


@transaction.atomic(durable=True)
def keep_session_data(*, key_sha256: str, data: Mapping[str, object]) -> None:
    """Keep the small data pages put into a live session."""
    Session.objects.filter(key_sha256=key_sha256, ended_at__isnull=True).update(data=dict(data))


def record_sign_in(
    user: User | None, event: str, now: datetime, reason: str, *, address: str = ""
) -> None:
    """Write down what became of a sign-in or a session; a step (AUTH-8).

    `address` is where the session came from, where nobody's request is under way.
    """
    name = user.public_id if user else "unknown"
    source = audit.origin.get()
    token = audit.origin.set(audit.Origin(address or source.address, source.request_number))
    try:
        audit.record(
            chain=home_chain(user) if user else audit.BANK, event=event, actor=name,
            target=f"user:{name}", now=now, reason=reason,
        )  # fmt: skip
    finally:
        audit.origin.reset(token)


def _seen(now: datetime) -> Greatest:
    return Greatest(F("seen_at"), Value(now))
