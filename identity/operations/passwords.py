"""Change a password: the old one given, the new one by the rules, everything else signed out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import PasswordRefused, WeakPassword
from identity.models import FormerPassword, User
from identity.operations.people import home_chain
from identity.operations.sessions import count_wrong_password, end_sessions
from identity.policies import broken_facts, password_fault
from identity.queries import EndingPassword


class PasswordOutcome(StrEnum):
    """Tell how a change ended; committed either way, because wrong passwords are counted."""

    CHANGED = "changed"
    WRONG_PASSWORD = "wrong password"  # noqa: S105 - the name of an outcome


@transaction.atomic(durable=True)
def change_password(*, actor: User, old: str, new: str, now: datetime) -> PasswordOutcome:
    """Replace a person's password (PWD-1, CERT-10).

    A wrong old password counts as one at signing in does. All sessions of the person end, this
    one too: the next sign-in is by the new password (SES-2). Raises WeakPassword where the new
    one breaks a rule or may not come back.
    """
    user = (
        User.objects.select_for_update(of=("self",))
        .select_related("company", "unit")
        .get(pk=actor.pk)
    )
    if not check_password(old, user.password):
        count_wrong_password(user, pause_after=queries.sign_in_policy().pause_after, now=now)
        _record(user, "identity.user.password_refused", now)
        return PasswordOutcome.WRONG_PASSWORD
    check_new_password(user=user, new=new)
    keep_password_step(user=user, new=new, now=now)
    end_sessions(user=user, why="password changed", now=now)
    _record(user, "identity.user.password_changed", now)
    return PasswordOutcome.CHANGED


def check_new_password(*, user: User, new: str, login_name: str = "") -> None:
    """Insist that a person may choose this password (PWD-1).

    `login_name` is the name they will sign in with, where it is not the present one. Raises
    WeakPassword: a rule is broken, or it is the one given at first or one of the last few.
    """
    rules = queries.password_rules()
    name, is_staff = login_name or user.login_name, user.is_staff
    fault = password_fault(new, login_name=name, is_staff=is_staff, rules=rules)
    fault = fault or _come_back(user, new, remembered=rules.remembered)
    if fault is not None:
        raise WeakPassword(fault, **broken_facts(rules, is_staff=is_staff))


def keep_password_step(*, user: User, new: str, now: datetime) -> None:
    """Store a person's new password and remember the one it replaces; a step.

    The one they were given at first is remembered for ever (PWD-1). `user` is locked by the caller.
    """
    audit.require_transaction()
    FormerPassword.objects.create(
        user=user, password=user.password, ended_at=now,
        is_initial=user.must_change_password and user.first_used_at is None,
    )  # fmt: skip
    User.objects.filter(pk=user.pk).update(
        password=make_password(new), password_set_at=now, must_change_password=False,
        wrong_passwords=0,
    )  # fmt: skip


@transaction.atomic(durable=True)
def warn_password(*, ending: EndingPassword, now: datetime) -> int:
    """Tell a person that their password ends soon, once for each notice (PWD-1, ALR-1).

    Returns how many messages are new: none where the notice was given before.
    """
    return alerts.enqueue(
        event="identity.password.expiring",
        cause=f"password:{ending.public_id}:{ending.set_at.isoformat()}:{ending.notice}",
        recipients=queries.recipients([ending.user_id]),
        facts={
            "company_name": ending.company_name,
            "actor_name": ending.name,
            "deadline": ending.ends_at,
        },
        now=now,
    )


def _come_back(user: User, new: str, *, remembered: int) -> PasswordRefused | None:
    """Return whether a password is one that may not come back; the present one counts as one."""
    former = list(FormerPassword.objects.filter(user=user).order_by("-pk"))
    recent = [row.password for row in former[: remembered - 1]]
    if any(check_password(new, used) for used in [user.password, *recent]):
        return PasswordRefused.USED_BEFORE
    first = [row.password for row in former[remembered - 1 :] if row.is_initial]
    if any(check_password(new, used) for used in first):
        return PasswordRefused.INITIAL
    return None


def _record(user: User, event: str, now: datetime) -> None:
    audit.record(
        chain=home_chain(user), event=event, actor=user.public_id,
        target=f"user:{user.public_id}", now=now,
    )  # fmt: skip
