"""Who is signed in, since when and how; and by which figures of the bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import DurationField, ExpressionWrapper, F, Func, OuterRef, Subquery, Value
from django.db.models.functions import Least

from identity.models import (
    FormPost,
    OneTimeCode,
    Passkey,
    PasswordPolicy,
    Session,
    SignInPolicy,
    User,
)
from identity.queries.people import grants_in_force
from identity.states import UserState


@dataclass(frozen=True, slots=True)
class SignIn:
    """Show one sign-in of a person to that person."""

    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    ended_why: str
    address: str
    agent: str
    current: bool
    is_new_device: bool
    is_new_place: bool
    is_out_of_hours: bool


def live_session(key_sha256: str, *, site: str, now: datetime) -> Session | None:
    """Return the live session of a cookie with its person and their permissions, in one query.

    The person's `granted` holds the permissions of all roles in force at this moment; nothing
    of it is kept between requests (DEL-4). The bank's figures of this moment are obeyed with the
    session's own, whichever are stricter: `idle_minutes` and `warning_seconds` of what is returned
    say when it ends and how long before that the person is warned (SES-1).
    """
    permissions = (
        grants_in_force(now)
        .filter(user=OuterRef("user_id"))
        .annotate(permission=Func(F("role__permissions"), function="unnest"))
        .values("permission")
    )
    session = (
        Session.objects.select_related("user__company", "user__unit")
        .annotate(
            granted=ArraySubquery(permissions),
            idle=Least(F("idle_minutes"), _figure("idle_minutes")),
            warning=_figure("warning_seconds"),
            hours=_figure("absolute_hours"),
        )
        .filter(
            key_sha256=key_sha256,
            site=site,
            ended_at__isnull=True,
            expires_at__gt=now,
            started_at__gt=Value(now) - _lasting("hours", timedelta(hours=1)),
            seen_at__gt=Value(now) - _lasting("idle", timedelta(minutes=1)),
            user__state=UserState.ACTIVE,
        )
        .first()
    )
    if session is not None:
        session.user.granted = frozenset(session.granted)
        session.idle_minutes, session.warning_seconds = session.idle, session.warning
    return session


def _figure(name: str) -> Subquery:
    return Subquery(SignInPolicy.objects.filter(pk=1).values(name))


def _lasting(name: str, each: timedelta) -> ExpressionWrapper:
    return ExpressionWrapper(F(name) * each, output_field=DurationField())


def earlier_outcome(*, actor: User, key: str) -> str:
    """Return what an earlier sending of the same form led to, or empty text (TRF-8)."""
    rows = FormPost.objects.filter(user=actor, key=key).values_list("outcome", flat=True)
    return rows.first() or ""


def recent_sign_ins(user_id: int, *, current_key_sha256: str, limit: int = 10) -> list[SignIn]:
    """Return a person's latest sign-ins, newest first (AUTH-8)."""
    rows = Session.objects.filter(user_id=user_id).order_by("-started_at")[:limit]
    return [
        SignIn(
            started_at=row.started_at,
            seen_at=row.seen_at,
            ended_at=row.ended_at,
            ended_why=row.ended_why,
            address=row.address,
            agent=row.agent,
            current=row.key_sha256 == current_key_sha256,
            is_new_device=row.is_new_device,
            is_new_place=row.is_new_place,
            is_out_of_hours=row.is_out_of_hours,
        )
        for row in rows
    ]


def newest_code(user_id: int, purpose: str, *, subject: str) -> OneTimeCode | None:
    """Return the latest code that was sent to a person for a purpose and subject, or None."""
    rows = OneTimeCode.objects.filter(user_id=user_id, purpose=purpose, subject=subject)
    return rows.order_by("-pk").first()


def sign_in_policy() -> SignInPolicy:
    """Return the bank's figures for signing in; the one seeded row."""
    return SignInPolicy.objects.get(pk=1)


def password_policy() -> PasswordPolicy:
    """Return the bank's rules for passwords; the one seeded row."""
    return PasswordPolicy.objects.get(pk=1)


def has_passkey(user_id: int) -> bool:
    """Tell whether a person has a passkey in use."""
    return Passkey.objects.filter(user_id=user_id, ended_at__isnull=True).exists()
