"""Set and check a bank checker's supervisor authorisation code (主管授權碼, DEL-3, DUAL-7)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import PermissionMissing, WeakAuthorisationCode
from identity.models import User
from identity.operations.first_use import insist_on_step, lock_person, record_own
from identity.operations.sessions import end_sessions
from identity.operations.verifying import hashing_turn, password_fits
from identity.permissions import check_fresh_factor
from identity.policies import Step, code_fault
from identity.states import UserState

AUTHORISATION_CODE = "identity.authorisation_code.set"
CHANGED = "identity.user.authorisation_code_changed"


class AuthorisationOutcome(StrEnum):
    """Tell what became of a typed code; committed either way, because wrong ones are counted."""

    RIGHT = "right"
    WRONG = "wrong"
    PAUSED = "paused"
    NOT_SET = "not set"


def set_authorisation_code(
    *, actor: User, code: str, old: str = "", now: datetime
) -> AuthorisationOutcome:
    """Set a bank checker's code: as a step of first use, or later with card or passkey just shown.

    Stored as Argon2id like a password. Whoever replaces one gives the `old` one: a wrong one counts
    as beside a release, and the count is begun anew by neither. Later on the person is told.
    Raises NotThisStep, PermissionMissing for whoever is no checker of the bank, StepUpNeeded,
    WeakAuthorisationCode, DoorCrowded.
    """
    fault = code_fault(code, login_name=actor.login_name)
    if fault is not None:
        raise WeakAuthorisationCode(fault)
    present = User.objects.values_list("authorisation_code", flat=True).get(pk=actor.pk)
    # Before the transaction: it takes its time on purpose (PWD-3).
    checked = present if present and password_fits(old, present) else ""
    with hashing_turn():
        encoded = make_password(code)
    return _set(actor, checked, encoded, now)


@transaction.atomic(durable=True)
def _set(actor: User, checked: str, encoded: str, now: datetime) -> AuthorisationOutcome:
    """Keep a new code where the hash the old one was checked by is still the stored one."""
    user = lock_person(actor)
    if user.state != UserState.ACTIVE:
        return _count_wrong_code(user, now)
    if user.first_used_at is None:
        insist_on_step(user, Step.AUTHORISATION_CODE, now=now)
    elif not queries.is_bank_checker(user, now=now):
        raise PermissionMissing(AUTHORISATION_CODE)
    else:
        check_fresh_factor(actor, now=now)
    if user.authorisation_code != checked:
        return _count_wrong_code(user, now)
    User.objects.filter(pk=user.pk).update(authorisation_code=encoded)
    if user.first_used_at is not None:
        _tell(CHANGED, user, now)
    record_own(user, "identity.user.authorisation_code_set", now)
    return AuthorisationOutcome.RIGHT


def check_authorisation_code_step(*, user: User, typed: str, now: datetime) -> AuthorisationOutcome:
    """Check the code a bank checker typed beside a release; a step (DUAL-7).

    Its transaction commits whatever it answers. The person's row is locked: wrong codes are
    counted exactly under parallel guesses, and as many as with passwords pause the person, who is
    told by SMS and mail (AUTH-2). A right one begins the count anew.
    """
    audit.require_transaction()
    person = lock_person(user)
    if person.state != UserState.ACTIVE:
        record_own(person, "identity.user.authorisation_code_refused", now, "paused")
        return AuthorisationOutcome.PAUSED
    if not person.authorisation_code:
        record_own(person, "identity.user.authorisation_code_refused", now, "not set")
        return AuthorisationOutcome.NOT_SET
    if check_password(typed, person.authorisation_code):
        User.objects.filter(pk=person.pk).update(wrong_codes=0)
        return AuthorisationOutcome.RIGHT
    return _count_wrong_code(person, now)


def _count_wrong_code(person: User, now: datetime) -> AuthorisationOutcome:
    person.wrong_codes += 1
    is_last = person.wrong_codes >= queries.sign_in_policy().pause_after
    if is_last and person.state == UserState.ACTIVE:
        person.pause()
        end_sessions(user=person, why="paused", now=now)
        _tell("identity.user.paused", person, now)
    User.objects.filter(pk=person.pk).update(wrong_codes=person.wrong_codes, state=person.state)
    record_own(person, "identity.user.authorisation_code_refused", now, "wrong")
    is_active = person.state == UserState.ACTIVE
    return AuthorisationOutcome.WRONG if is_active else AuthorisationOutcome.PAUSED


def _tell(event: str, person: User, now: datetime) -> None:
    alerts.enqueue(
        event=event,
        cause=f"user:{person.public_id}:{now.isoformat()}",
        recipients=queries.recipients([person.pk]),
        facts={"actor_name": person.display_name},
        now=now,
    )
