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
from identity.permissions import check_factor
from identity.policies import Step, code_fault
from identity.states import UserState

AUTHORISATION_CODE = "identity.authorisation_code.set"


class AuthorisationOutcome(StrEnum):
    """Tell what became of a typed code; committed either way, because wrong ones are counted."""

    RIGHT = "right"
    WRONG = "wrong"
    PAUSED = "paused"
    NOT_SET = "not set"


@transaction.atomic(durable=True)
def set_authorisation_code(*, actor: User, code: str, now: datetime) -> None:
    """Set a bank checker's code: as a step of first use, or later with card or passkey.

    Stored as Argon2id like a password. Raises NotThisStep, PermissionMissing for whoever is no
    checker of the bank, StepUpNeeded, WeakAuthorisationCode.
    """
    user = lock_person(actor)
    if user.first_used_at is None:
        insist_on_step(user, Step.AUTHORISATION_CODE, now=now)
    elif not queries.is_bank_checker(user, now=now):
        raise PermissionMissing(AUTHORISATION_CODE)
    else:
        check_factor(actor)
    is_password = check_password(code, user.password)
    fault = code_fault(code, login_name=user.login_name, is_password=is_password)
    if fault is not None:
        raise WeakAuthorisationCode(fault)
    User.objects.filter(pk=user.pk).update(authorisation_code=make_password(code), wrong_codes=0)
    record_own(user, "identity.user.authorisation_code_set", now)


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
    if is_last:
        person.pause()
        end_sessions(user=person, why="paused", now=now)
        alerts.enqueue(
            event="identity.user.paused",
            cause=f"user:{person.public_id}:{now.isoformat()}",
            recipients=queries.recipients([person.pk]),
            facts={"actor_name": person.display_name},
            now=now,
        )
    User.objects.filter(pk=person.pk).update(wrong_codes=person.wrong_codes, state=person.state)
    record_own(person, "identity.user.authorisation_code_refused", now, "wrong")
    return AuthorisationOutcome.PAUSED if is_last else AuthorisationOutcome.WRONG
