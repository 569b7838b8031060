"""By which rules are passwords chosen, and whose is to be told about its end?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.contrib.auth.password_validation import CommonPasswordValidator

from identity.models import CommonPassword, User
from identity.policies import PasswordRules, skeleton
from identity.queries.sessions import password_policy
from identity.states import UserState
from kernel.clock import business_date


@dataclass(frozen=True, slots=True)
class EndingPassword:
    """Say whose password ends when, and of which of the bank's notices (days before) it is time.

    `set_at` tells this password from the ones before and after it.
    """

    user_id: int
    public_id: str
    name: str
    company_name: str
    set_at: datetime
    ends_at: datetime
    notice: int


@dataclass(frozen=True, slots=True)
class PasswordAdvice:
    """Carry what the page of changing a password says: the rules in figures, and why it is asked.

    `is_asked` tells that nothing else works before, `is_over` that the present one is too old.
    """

    shortest: int
    run_length: int
    remembered: int
    days_valid: int
    is_asked: bool
    is_over: bool


def password_advice(user: User, *, now: datetime) -> PasswordAdvice:
    """Return what a person is told when they change their password; one query (PWD-1)."""
    policy = password_policy()
    lifetime = timedelta(days=policy.days_valid)
    return PasswordAdvice(
        shortest=policy.shortest_staff if user.is_staff else policy.shortest,
        run_length=policy.run_length,
        remembered=policy.remembered,
        days_valid=policy.days_valid,
        is_asked=user.must_change_password,
        is_over=user.password_set_at is not None and user.password_set_at <= now - lifetime,
    )


def password_rules() -> PasswordRules:
    """Return the bank's rules for passwords with the words everybody guesses; two queries."""
    policy = password_policy()
    return PasswordRules(
        shortest=policy.shortest,
        shortest_staff=policy.shortest_staff,
        run_length=policy.run_length,
        remembered=policy.remembered,
        common=_usual(),
        words=frozenset(skeleton(word) for word in common_passwords()),
    )


def common_passwords() -> list[str]:
    """Return the words the bank itself added to the list of guessed passwords, in order."""
    return list(CommonPassword.objects.order_by("word").values_list("word", flat=True))


def ending_passwords(*, now: datetime) -> list[EndingPassword]:
    """Return whose password ends soon, with the notice that is due, or was; two queries (PWD-1).

    Days are those of the calendar in Asia/Taipei. The notice is the nearest of the bank's, so that
    one that was missed is still given. Only people who may sign in are told.
    """
    policy, today = password_policy(), business_date(now)
    lifetime = timedelta(days=policy.days_valid)
    if not policy.notice_days:
        return []
    people = (
        User.objects.filter(state=UserState.ACTIVE, must_change_password=False)
        .filter(password_set_at__gt=now - lifetime)
        .filter(password_set_at__lt=now - lifetime + timedelta(days=max(policy.notice_days) + 1))
        .select_related("company")
        .order_by("pk")
    )
    found = []
    for person in people:
        assert person.password_set_at is not None  # noqa: S101 - the condition holds it
        ends_at = person.password_set_at + lifetime
        left = (business_date(ends_at) - today).days
        notice = min((days for days in policy.notice_days if days >= left), default=None)
        if notice is not None:
            name = person.company.name if person.company else ""
            found.append(
                EndingPassword(
                    user_id=person.pk, public_id=person.public_id, name=person.display_name,
                    company_name=name, set_at=person.password_set_at, ends_at=ends_at,
                    notice=notice,
                )
            )  # fmt: skip
    return found


@cache
def _usual() -> frozenset[str]:
    """Return the thousands of passwords that are tried first everywhere, as Django brings them."""
    return frozenset(CommonPasswordValidator().passwords)
