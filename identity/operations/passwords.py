"""Change a password: the old one given, the new one by the rules, everything else signed out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.contrib.auth.hashers import check_password, is_password_usable, make_password
from django.db import transaction

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import PasswordRefused, WeakPassword
from identity.models import FormerPassword, User
from identity.operations.guessing import count_wrong_password, opens
from identity.operations.people import home_chain
from identity.operations.sessions import end_sessions
from identity.operations.verifying import password_fits
from identity.policies import broken_facts, password_fault
from identity.queries import EndingPassword


class PasswordOutcome(StrEnum):
    """Tell how a change ended; committed either way, because wrong passwords are counted."""

    CHANGED = "changed"
    WRONG_PASSWORD = "wrong password"  # noqa: S105 - the name of an outcome


def change_password(*, actor: User, old: str, new: str, now: datetime) -> PasswordOutcome:
    """Replace a person's password (PWD-1, CERT-10).

    A wrong old password counts as one at signing in does, and somebody paused has no right one. All
    sessions of the person end, this
    one too: the next sign-in is by the new password (SES-2). Raises WeakPassword where the new
    one breaks a rule or may not come back; DoorCrowded.
    """
    stored = User.objects.values_list("password", flat=True).get(pk=actor.pk)
    # Before the transaction: it takes its time on purpose (PWD-3).
    right = password_fits(old, stored)
    return _change(actor, checked=stored if right else "", new=new, now=now)


@transaction.atomic(durable=True)
def _change(actor: User, *, checked: str, new: str, now: datetime) -> PasswordOutcome:
    """Replace the password where the hash the old one was checked by is still the stored one."""
    user = (
        User.objects.select_for_update(of=("self",))
        .select_related("company", "unit")
        .get(pk=actor.pk)
    )
    if not opens(user, checked=checked):
        count_wrong_password(user, policy=queries.sign_in_policy(), now=now)
        _record(user, "identity.user.password_refused", now)
        return PasswordOutcome.WRONG_PASSWORD
    set_password_step(user=user, new=new, now=now)
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


def set_password_step(*, user: User, new: str, now: datetime) -> None:
    """Give a locked person a new password, sign them out everywhere and tell them; a step.

    Somebody paused stays so: only the unit above lifts that. The count of wrong ones stays, too,
    until they sign in with it (AUTH-2). Raises WeakPassword (PWD-1).
    """
    audit.require_transaction()
    check_new_password(user=user, new=new)
    give_up_password_step(user=user, now=now)
    User.objects.filter(pk=user.pk).update(
        password=make_password(new), password_set_at=now, must_change_password=False
    )
    alerts.enqueue(
        event="identity.user.password_changed",
        cause=f"user:{user.public_id}:{now.isoformat()}",
        recipients=queries.recipients([user.pk]),
        facts={
            "company_name": user.company.name if user.company else "",
            "actor_name": user.display_name,
        },
        now=now,
    )
    end_sessions(user=user, why="password changed", now=now)
    _record(user, "identity.user.password_changed", now)


def give_up_password_step(*, user: User, now: datetime) -> None:
    """Keep the hash of the password a locked person has now, so that it does not come back; a step.

    One that nobody can give leaves nothing to keep.
    """
    audit.require_transaction()
    if is_password_usable(user.password):
        initial = user.must_change_password and user.first_used_at is None
        FormerPassword.objects.create(
            user=user, password=user.password, is_initial=initial, ended_at=now
        )


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
    present = [user.password] if is_password_usable(user.password) else []
    recent = [*present, *(row.password for row in former)][:remembered]
    if any(check_password(new, used) for used in recent):
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
