"""Let people in again whom the unit above has vouched for: unlock, or begin with a new password."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.hashers import make_password

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import StandingChanged
from identity.models import User
from identity.operations.codes import Purpose, code_address, send_code_step
from identity.operations.passkeys import end_passkeys_step
from identity.operations.passwords import give_up_password_step
from identity.operations.people import home_chain
from identity.operations.sessions import end_sessions
from identity.states import UserState


def unlock_step(*, user_id: int, actor: User, reason: str, now: datetime) -> None:
    """Lift the pause of a person, count wrong passwords anew and tell them; a step (AUTH-2).

    They sign in again: whatever session the pause found open is over (SES-2). `reason` names the
    request it was decided by. Raises StandingChanged where they are not paused.
    """
    audit.require_transaction()
    user = _lock(user_id)
    if user.state != UserState.PAUSED:
        raise StandingChanged()
    before = {"state": str(user.state), "wrong_passwords": user.wrong_passwords}
    user.unlock()
    _save(user, wrong_passwords=0, wrong_codes=0)
    end_sessions(user=user, why="paused", now=now)
    _tell(user, "identity.user.unlocked", reason, now)
    _record(user, "identity.user.unlocked", actor, reason, before, now)


def renew_credentials_step(*, user_id: int, actor: User | None, reason: str, now: datetime) -> None:
    """Make a person's password worthless and send them a code to choose another; a step (AUTH-9).

    A pause is lifted with it, every session ends, and so do a bank person's passkeys: whoever lost
    the device begins again with a code to the phone. The code goes to the registered phone and
    nobody else learns it; every other way the person is told that it was asked for. `actor`
    is None where nobody signed in to do it. Raises StandingChanged for somebody suspended or gone,
    NowhereToSend.
    """
    audit.require_transaction()
    user = _lock(user_id)
    if user.state not in (UserState.ACTIVE, UserState.PAUSED):
        raise StandingChanged()
    before = {"state": str(user.state), "wrong_passwords": user.wrong_passwords}
    give_up_password_step(user=user, now=now)
    if user.unit_id is not None:
        end_passkeys_step(user=user, actor=_name(actor), now=now)
    if user.state == UserState.PAUSED:
        user.unlock()
    _save(
        user, wrong_passwords=0, wrong_codes=0, password=make_password(None), password_set_at=None,
        must_change_password=True,
    )  # fmt: skip
    _tell(user, "identity.user.credentials_renewed", reason, now, but=code_address(user.pk).channel)
    send_code_step(user=user, purpose=Purpose.ACTIVATION, now=now)
    end_sessions(user=user, why="new credentials", now=now)
    _record(user, "identity.user.credentials_renewed", actor, reason, before, now)


def _name(actor: User | None) -> str:
    return actor.public_id if actor is not None else "system"


def _lock(user_id: int) -> User:
    people = User.objects.select_for_update(of=("self",)).select_related("company", "unit")
    return people.get(pk=user_id)


def _save(user: User, **columns: object) -> None:
    for name, value in columns.items():
        setattr(user, name, value)
    user.save(update_fields=["state", *columns])


def _tell(user: User, event: str, reason: str, now: datetime, *, but: str = "") -> None:
    alerts.enqueue(
        event=event, cause=f"user:{user.public_id}:{reason}", now=now,
        recipients=[one for one in queries.recipients([user.pk]) if one.channel != but],
        facts={
            "company_name": user.company.name if user.company else "",
            "actor_name": user.display_name,
            "reference": reason,
        },
    )  # fmt: skip


def _record(
    user: User,
    event: str,
    actor: User | None,
    reason: str,
    before: dict[str, object],
    now: datetime,
) -> None:
    audit.record(
        chain=home_chain(user), event=event, actor=_name(actor),
        target=f"user:{user.public_id}", now=now, reason=reason, before=before,
        after={"state": str(user.state), "wrong_passwords": 0},
    )  # fmt: skip
