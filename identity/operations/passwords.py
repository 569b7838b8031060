"""Change a password: the old one given, the new one by the rules, everything else signed out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from audit import operations as audit
from identity import queries
from identity.errors import PasswordRefused, WeakPassword
from identity.models import FormerPassword, User
from identity.operations.guessing import count_wrong_password
from identity.operations.people import home_chain
from identity.operations.sessions import end_sessions
from identity.operations.verifying import password_fits
from identity.policies import PASSWORDS_REMEMBERED, password_fault


class PasswordOutcome(StrEnum):
    """Tell how a change ended; committed either way, because wrong passwords are counted."""

    CHANGED = "changed"
    WRONG_PASSWORD = "wrong password"  # noqa: S105 - the name of an outcome


def change_password(*, actor: User, old: str, new: str, now: datetime) -> PasswordOutcome:
    """Replace a person's password (PWD-1, CERT-10).

    A wrong old password counts as one at signing in does. All sessions of the person end, this
    one too: the next sign-in is by the new password (SES-2). Raises WeakPassword where the new
    one breaks a rule or is one of the last three; DoorCrowded.
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
    if user.password != checked:
        count_wrong_password(user, policy=queries.sign_in_policy(), now=now)
        _record(user, "identity.user.password_refused", now)
        return PasswordOutcome.WRONG_PASSWORD
    fault = password_fault(new, login_name=user.login_name, is_staff=user.is_staff)
    if fault is not None:
        raise WeakPassword(fault)
    if any(check_password(new, used) for used in [user.password, *_former(user)]):
        raise WeakPassword(PasswordRefused.USED_BEFORE)
    FormerPassword.objects.create(user=user, password=user.password, ended_at=now)
    User.objects.filter(pk=user.pk).update(
        password=make_password(new), password_set_at=now, must_change_password=False,
        wrong_passwords=0,
    )  # fmt: skip
    end_sessions(user=user, why="password changed", now=now)
    _record(user, "identity.user.password_changed", now)
    return PasswordOutcome.CHANGED


def _former(user: User) -> list[str]:
    """Return the hashes of the passwords before the present one that may not come back."""
    rows = FormerPassword.objects.filter(user=user).order_by("-pk")
    return list(rows.values_list("password", flat=True)[: PASSWORDS_REMEMBERED - 1])


def _record(user: User, event: str, now: datetime) -> None:
    audit.record(
        chain=home_chain(user), event=event, actor=user.public_id,
        target=f"user:{user.public_id}", now=now,
    )  # fmt: skip
