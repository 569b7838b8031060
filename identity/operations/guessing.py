"""Count wrong passwords, pause whoever gave too many, tell who has to know (AUTH-2)."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from alerts import operations as alerts
from alerts.render import Recipient
from audit import operations as audit
from identity import queries
from identity.models import SignInPolicy, User
from identity.operations.sessions import end_sessions
from identity.states import UserState

NOBODY = 0  # no row has this key: for work that must look the same without a person


def opens(user: User, *, checked: str) -> bool:
    """Tell whether a password that a locked person gave in their session may open anything; a step.

    `checked` is the hash it was checked by, empty where it did not fit: it is right only while that
    hash is still the stored one. Nobody paused opens anything with it, as at the door (AUTH-2).
    """
    audit.require_transaction()
    return user.state == UserState.ACTIVE and user.password == checked


def count_wrong_password(
    user: User | None, *, policy: SignInPolicy, now: datetime, wrong: bool = True
) -> None:
    """Count a wrong password; pause the person, and tell the administrators, when it is time.

    A step; the person's row is locked. A pause ends their sessions, which no unlocking brings back.
    The count goes on while somebody is paused, suspended or closed. For an unknown name the same
    statement counts nobody, and so it does with `wrong` false for a right password that opens
    nothing: all refusals do the same work (AUTH-1).
    """
    if user is None or not wrong:
        User.objects.filter(pk=user.pk if user else NOBODY).update(
            wrong_passwords=F("wrong_passwords") + 0,
            guesses_told=user.guesses_told if user else False,
            state=user.state if user else UserState.ACTIVE,
        )
        return
    user.wrong_passwords += 1
    # At least: they also count while somebody is suspended, and the policy's figure may be lowered.
    if user.wrong_passwords >= policy.pause_after and user.state == UserState.ACTIVE:
        user.pause()
        end_sessions(user=user, why="paused", now=now)
        _tell("identity.user.paused", user, queries.recipients([user.pk]), now)
    # At least, and marked: once until the count begins again, whatever becomes of the figure.
    user.guesses_told = user.guesses_told and user.wrong_passwords > 1
    if user.wrong_passwords >= policy.alarm_after and not user.guesses_told:
        user.guesses_told = True
        guards = queries.security_people(user, now=now)
        _tell("identity.user.guessed", user, queries.recipients(guards), now)
    User.objects.filter(pk=user.pk).update(
        wrong_passwords=F("wrong_passwords") + 1, guesses_told=user.guesses_told, state=user.state
    )


def _tell(event: str, user: User, recipients: list[Recipient], now: datetime) -> None:
    alerts.enqueue(
        event=event,
        cause=f"user:{user.public_id}:{now.isoformat()}",
        recipients=recipients,
        facts={
            "company_name": user.company.name if user.company else "",
            "actor_name": user.display_name if event == "identity.user.guessed" else "",
        },
        now=now,
    )
