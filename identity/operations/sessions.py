"""End sessions, keep them awake, move them to a stronger factor."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest, Least

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import StandingChanged
from identity.formats import session_digest
from identity.models import Session, SignInPolicy, User
from identity.operations.people import home_chain
from identity.policies import session_live
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


def end_step(session: Session, why: str, now: datetime) -> bool:
    """End one session; a step that leaves it to the caller to write it down.

    Returns whether it was still there under the key it was read with.
    """
    rows = Session.objects.filter(pk=session.pk, ended_at__isnull=True, factor=session.factor)
    return rows.update(ended_at=now, ended_why=why) == 1


def step_up_step(*, user: User, key_sha256: str, factor: str, now: datetime) -> str:
    """Note that the person of a live session has shown this factor too; a step (AUTH-5).

    The session goes on under a new key, which is returned: whoever had learnt the old one has
    nothing. It is the person's one session now: one that it stood beside is ended (AUTH-1, AUTH-3).
    Raises StandingChanged where the session has ended meanwhile.
    """
    audit.require_transaction()
    key = ids.token()
    # All of them in one order: of two that step up at once one is first, and ends the other.
    open_ = list(
        Session.objects.select_for_update(of=("self",))
        .filter(user=user, ended_at__isnull=True)
        .order_by("key_sha256")
    )
    mine = next((one for one in open_ if one.key_sha256 == key_sha256), None)
    if mine is None:
        raise StandingChanged()
    lasts_until = mine.expires_at
    if mine.is_half_in:
        policy = queries.sign_in_policy()
        lasts_until = mine.started_at + timedelta(hours=policy.absolute_hours)
        _replace_others(user, [one for one in open_ if one is not mine], policy, now)
    Session.objects.filter(pk=key_sha256).update(
        key_sha256=session_digest(key), factor=factor, stepped_up_at=now, seen_at=_seen(now),
        is_half_in=False, expires_at=lasts_until,
    )  # fmt: skip
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


def stands(session: Session, policy: SignInPolicy, now: datetime) -> bool:
    """Tell whether a session stands by its own figures and by those of today (SES-1)."""
    last = session.started_at + timedelta(hours=policy.absolute_hours)
    return session_live(
        seen_at=session.seen_at, expires_at=min(session.expires_at, last),
        idle_minutes=min(session.idle_minutes, policy.idle_minutes), ended=False, now=now,
    )  # fmt: skip


def tell_replaced_step(user: User, live: Session, now: datetime) -> None:
    """Tell the person that another sign-in ended their session: it may not have been theirs."""
    alerts.enqueue(
        event="identity.user.signed_in_elsewhere",
        cause=f"user:{user.public_id}:{live.started_at.isoformat()}",
        recipients=queries.recipients([user.pk]),
        facts={
            "company_name": user.company.name if user.company else "",
            "actor_name": user.display_name,
        },
        now=now,
    )


def _replace_others(user: User, others: list[Session], policy: SignInPolicy, now: datetime) -> None:
    for other in others:
        why = "replaced" if stands(other, policy, now) else "idle"
        end_step(other, why, now)
        record_sign_in(user, "identity.session.ended", now, why)
        if why == "replaced":
            tell_replaced_step(user, other, now)


def _seen(now: datetime) -> Greatest:
    return Greatest(F("seen_at"), Value(now))
