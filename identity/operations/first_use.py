"""Go through first use, step by step: login name, password, settings, done (DEL-3, AUTH-4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import (
    LoginNameFault,
    LoginNameRefused,
    NotThisStep,
    StandingChanged,
)
from identity.formats import session_digest
from identity.models import ContactPoint, Session, User
from identity.operations.guessing import count_wrong_password, opens
from identity.operations.passwords import (
    PasswordOutcome,
    check_new_password,
    give_up_password_step,
)
from identity.operations.people import home_chain
from identity.operations.standing import claim_form
from identity.operations.verifying import password_fits
from identity.policies import Keys, Step, current_step, login_name_fault
from kernel import ids

LOGIN_NAME_CONSTRAINTS = ("identity_user_login_company", "identity_user_login_staff")


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """Tell how the step of the password ended, and the value the session's cookie has from now on.

    Committed either way, because wrong passwords are counted.
    """

    outcome: PasswordOutcome
    session_key: str = ""


def lock_person(user: User) -> User:
    """Return a person's row, locked, with their home; a step."""
    audit.require_transaction()
    people = User.objects.select_for_update(of=("self",)).select_related("company", "unit")
    return people.get(pk=user.pk)


def insist_on_step(user: User, step: Step, *, now: datetime) -> None:
    """Insist that this step of first use is the one to be done now; a step (SES-3).

    `user` is locked. Raises NotThisStep where it was skipped to, done before, or not asked of this
    role.
    """
    audit.require_transaction()
    facts = queries.first_use_facts(user.pk, now=now)
    if user.first_used_at is not None or current_step(facts) != step:
        raise NotThisStep()


@transaction.atomic(durable=True)
def choose_login_name(*, actor: User, login_name: str, now: datetime) -> None:
    """Give a newcomer the login name of their own choice (PWD-2).

    Raises NotThisStep, and LoginNameRefused where it breaks a rule or is somebody else's of the
    same company, or of the bank. Names are told apart by case, as at signing in.
    """
    user = lock_person(actor)
    insist_on_step(user, Step.LOGIN_NAME, now=now)
    phones = ContactPoint.objects.filter(user=user, channel=ContactPoint.Channel.SMS)
    fault = login_name_fault(
        login_name,
        present=user.login_name,
        company_code=user.company.code if user.company else "",
        phones=list(phones.values_list("address", flat=True)),
    )
    if fault is not None:
        raise LoginNameRefused(fault)
    try:
        User.objects.filter(pk=user.pk).update(login_name=login_name, login_name_chosen_at=now)
    except IntegrityError as error:
        if not any(name in str(error) for name in LOGIN_NAME_CONSTRAINTS):
            raise
        raise LoginNameRefused(LoginNameFault.TAKEN) from error
    record_own(user, "identity.user.login_name_chosen", now)


def choose_first_password(
    *, actor: User, key_sha256: str, old: str, new: str, now: datetime
) -> FirstPassword:
    """Replace the password a newcomer was given by one of their own (DEL-3, PWD-1).

    The session goes on under a new key: whoever had learnt the old one has nothing. A wrong old
    password counts as one at signing in does. The given one never comes back. Raises NotThisStep,
    WeakPassword, DoorCrowded.
    """
    stored = User.objects.values_list("password", flat=True).get(pk=actor.pk)
    # Before the transaction: it takes its time on purpose (PWD-3).
    right = password_fits(old, stored)
    return _replace_first(actor, key_sha256, stored if right else "", new, now)


@transaction.atomic(durable=True)
def _replace_first(
    actor: User, key_sha256: str, checked: str, new: str, now: datetime
) -> FirstPassword:
    user = lock_person(actor)
    insist_on_step(user, Step.PASSWORD, now=now)
    if not opens(user, checked=checked):
        count_wrong_password(user, policy=queries.sign_in_policy(), now=now)
        record_own(user, "identity.user.password_refused", now)
        return FirstPassword(PasswordOutcome.WRONG_PASSWORD)
    check_new_password(user=user, new=new)
    give_up_password_step(user=user, now=now)
    User.objects.filter(pk=user.pk).update(
        password=make_password(new), password_set_at=now, must_change_password=False
    )
    key = _rotate(user, key_sha256, now)
    record_own(user, "identity.user.password_changed", now)
    return FirstPassword(PasswordOutcome.CHANGED, key)


@transaction.atomic(durable=True)
def choose_settings(
    *,
    actor: User,
    language: str,
    start_page: str,
    prefers_keypad: bool,
    prefers_number: bool,
    now: datetime,
) -> None:
    """Keep a person's own settings: as a step of first use, or later at any time (DEL-3, KEY-1).

    What the bank does not offer is not preferred. Raises NotThisStep.
    """
    user = lock_person(actor)
    if user.first_used_at is None:
        insist_on_step(user, Step.SETTINGS, now=now)
        claim_form(actor=user, key=queries.SETTINGS_FORM, outcome="sent", now=now)
    policy = queries.sign_in_policy()
    chosen = {
        "language": language,
        "start_page": start_page,
        "prefers_keypad": prefers_keypad and policy.keypad_offered,
        "prefers_number": prefers_number and policy.number_offered,
    }
    before = {name: getattr(user, name) for name in chosen}
    User.objects.filter(pk=user.pk).update(**chosen)
    audit.record(
        chain=home_chain(user), event="identity.user.settings_chosen", actor=user.public_id,
        target=f"user:{user.public_id}", now=now, before=before, after=chosen,
    )  # fmt: skip


@transaction.atomic(durable=True)
def finish_first_use(*, actor: User, keys: Keys, now: datetime) -> None:
    """Open everything to somebody who has done every step; their security pair is told (DEL-3).

    `keys` is what the site knows of the person's card. Raises NotThisStep where a step is left.
    """
    user = lock_person(actor)
    facts = queries.first_use_facts(user.pk, now=now, keys=keys)
    if user.first_used_at is not None or current_step(facts) is not None:
        raise NotThisStep()
    User.objects.filter(pk=user.pk).update(first_used_at=now)
    alerts.enqueue(
        event="identity.user.first_used",
        cause=f"user:{user.public_id}:first_used",
        recipients=queries.recipients({user.pk, *queries.security_pair(user, now=now)}),
        facts={
            "actor_name": user.display_name,
            "company_name": user.company.name if user.company else "",
        },
        now=now,
    )
    record_own(user, "identity.user.first_used", now)


def record_own(user: User, event: str, now: datetime, reason: str = "") -> None:
    """Write down what a person did to their own sign-in, without any of its values; a step."""
    audit.record(
        chain=home_chain(user), event=event, actor=user.public_id,
        target=f"user:{user.public_id}", now=now, reason=reason,
    )  # fmt: skip


def _rotate(user: User, key_sha256: str, now: datetime) -> str:
    """Move a live session to a new key and return it. Raises StandingChanged where it has ended."""
    key = ids.token()
    moved = Session.objects.filter(key_sha256=key_sha256, user=user, ended_at__isnull=True).update(
        key_sha256=session_digest(key), seen_at=now
    )
    if not moved:
        raise StandingChanged()
    return key
