"""Begin, or begin again, with the code that was sent: the person chooses the password (AUTH-9)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.db import transaction

from identity import queries
from identity.errors import DoorShut, TooManyTries, WeakPassword
from identity.operations.codes import CodeOutcome, Purpose, take_code_step
from identity.operations.limits import count_try, record_turned_away
from identity.operations.passwords import set_password_step
from identity.policies import broken_facts, password_fault
from identity.states import UserState


class ActivationOutcome(StrEnum):
    """Tell how it ended; committed either way, because wrong codes are counted."""

    ACTIVATED = "activated"
    REFUSED = "refused"


def count_activation(
    *, site: str, company_code: str, login_name: str, address: str, now: datetime
) -> None:
    """Count a try for its address and for the account it names, whether or not there is one.

    Not in a transaction: the count is kept by the servers' shared memory. Raises TooManyTries
    above the policy's figures, DoorShut where nothing can be counted; both are written down
    (AUTH-8, AUTH-10).
    """
    account = ("activation", site, company_code, login_name)
    try:
        count_try(policy=queries.sign_in_policy(), address=address, account=account)
    except (TooManyTries, DoorShut) as error:
        record_turned_away(error=error, now=now, event="identity.code.refused")
        raise


@transaction.atomic(durable=True)
def activate(
    *, site: str, company_code: str, login_name: str, code: str, new: str, now: datetime
) -> ActivationOutcome:
    """Give a person the password they chose, for the one-time code they were sent (AUTH-9, PWD-1).

    `company_code` is empty on the staff site. Unknown names, no code, a wrong and an old one end
    in the same answer after the same statements; a wrong one is counted, and the code is worthless
    after the policy's number of tries. Raises WeakPassword: for the form of the password before
    anything is looked at, for one that was used before only after a right code, which stays good.
    """
    rules, is_staff = queries.password_rules(), site == "staff"
    fault = password_fault(new, login_name=login_name, is_staff=is_staff, rules=rules)
    if fault is not None:
        raise WeakPassword(fault, **broken_facts(rules, is_staff=is_staff))
    people = queries.people_at_door(site=site, company_code=company_code, login_name=login_name)
    user = people.select_for_update(of=("self",)).first()
    if user is not None and user.state not in (UserState.ACTIVE, UserState.PAUSED):
        user = None
    outcome = take_code_step(user=user, purpose=Purpose.ACTIVATION, typed=code, now=now)
    if user is None or outcome != CodeOutcome.RIGHT:
        return ActivationOutcome.REFUSED
    set_password_step(user=user, new=new, now=now)
    return ActivationOutcome.ACTIVATED
