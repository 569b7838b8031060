"""Let one of the IT security pair in again, whom no unit is above: two operators at the host do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors.break_glass import BreakGlassReason as Reason, BreakGlassRefused
from identity.models import User
from identity.operations.people import home_chain
from identity.operations.recovery import renew_credentials_step
from identity.states import UserState
from kernel import ids
from kernel.canonical import plain_text

REASON_LONGEST = 200
_EVENT = "identity.user.renewed_by_operators"


@transaction.atomic(durable=True)
def renew_it_credentials(
    *, number: str, operators: Sequence[str], reason: str, actor: User | None, now: datetime
) -> str:
    """Void the credentials of one of IT security, send a code to their phone, and tell (AUTH-9).

    `number` is the person's user number, `operators` those of the two who vouch for them: active
    people of the bank, neither of them the person, one at least of IT security or an auditor.
    `actor` is who signed in to do it: nobody (None) at the host. All of IT security, the auditors
    and both operators are told: a name that was used without its owner is noticed. Returns what
    the log and the messages name the act by. Raises BreakGlassRefused, StandingChanged,
    NowhereToSend; RuleBroken for a reason with hidden characters.
    """
    said = plain_text(reason.strip(), field="reason")
    if not 0 < len(said) <= REASON_LONGEST:
        raise BreakGlassRefused(Reason.NO_REASON)
    person = queries.it_security_person(number)
    if person is None:
        raise BreakGlassRefused(Reason.NOT_IT_SECURITY)
    vouching = _operators(person, operators, now)
    reference = ids.token(9)
    renew_credentials_step(user_id=person.pk, actor=actor, reason=reference, now=now)
    _tell(person, vouching, reference, said, now)
    audit.record(
        chain=home_chain(person), event=_EVENT, actor=actor.public_id if actor else "system",
        target=f"user:{person.public_id}", now=now, reason=said,
        after={"operators": [one.public_id for one in vouching], "reference": reference},
    )  # fmt: skip
    return reference


def _operators(person: User, numbers: Sequence[str], now: datetime) -> list[User]:
    """Return the two who vouch, in the order they were named. Raises BreakGlassRefused."""
    if len(numbers) != 2 or len(set(numbers)) != 2:
        raise BreakGlassRefused(Reason.TWO_OPERATORS)
    if person.public_id in numbers:
        raise BreakGlassRefused(Reason.OWN_CASE)
    # Locked, the lower key first: none of them is suspended between this look and the act.
    rows = User.objects.select_for_update().filter(
        public_id__in=numbers, unit__isnull=False, state=UserState.ACTIVE
    )
    found = {one.public_id: one for one in rows.order_by("pk")}
    if len(found) != 2:
        raise BreakGlassRefused(Reason.UNKNOWN_OPERATOR)
    watching = set(queries.bank_watchers(now=now))
    if not any(one.pk in watching for one in found.values()):
        raise BreakGlassRefused(Reason.NO_WATCHER)
    return [found[number] for number in numbers]


def _tell(person: User, vouching: list[User], reference: str, reason: str, now: datetime) -> None:
    readers = {*queries.bank_watchers(), *(one.pk for one in vouching)} - {person.pk}
    alerts.enqueue(
        event=_EVENT, cause=f"user:{person.public_id}:{reference}:operators",
        recipients=queries.recipients(readers), now=now,
        facts={
            "actor_name": person.display_name,
            "subject_text": ", ".join(one.display_name for one in vouching),
            "reason": reason,
            "reference": reference,
        },
    )  # fmt: skip
