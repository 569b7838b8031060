"""Sign in: by a password, in the bank's order of checks, or in the place of another session."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from alerts import operations as alerts
from identity import queries
from identity.errors import DoorCrowded, DoorShut, TooManyTries
from identity.formats import session_digest
from identity.models import Session, SignInPolicy, User
from identity.operations.devices import note_device_step
from identity.operations.guessing import NOBODY, count_wrong_password
from identity.operations.limits import count_try, record_turned_away
from identity.operations.people import expect_new_password
from identity.operations.sessions import end_step, record_sign_in
from identity.operations.verifying import password_fits, renewed_hash
from identity.policies import SignInFacts, SignInOutcome, judge_sign_in, session_live
from identity.states import StandingState, UserState
from kernel import ids

# How often a password may be changed under a sign-in before the person is asked to try again.
MOST_READINGS = 3


@dataclass(frozen=True, slots=True)
class SignInResult:
    """Tell how a sign-in ended; committed either way, because wrong passwords are counted.

    `session_key` is the session cookie's value where it succeeded, `device` what the browser keeps
    to be known by. Where somebody is signed in elsewhere, `since` and `address` tell about the
    other session, and `other_sha256` names it where the bank's policy lets it be ended (AUTH-3).
    """

    outcome: SignInOutcome
    user: User | None = None
    session_key: str = ""
    device: str = ""
    since: datetime | None = None
    address: str = ""
    other_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """Say who knocks, from where and when: `names` are site, company code and login name.

    `device` is the value of the cookie that the browser keeps, empty where it has none.
    """

    names: tuple[str, str, str]
    address: str
    agent: str
    device: str
    now: datetime
    policy: SignInPolicy = field(repr=False)


def sign_in(
    *,
    site: str,
    company_code: str,
    login_name: str,
    password: str,
    address: str,
    agent: str,
    now: datetime,
    device: str = "",
) -> SignInResult:
    """Check a sign-in in the bank's order and open the session when all checks pass (AUTH-1..3).

    `company_code` is empty on the staff site. An unknown name costs the same work as a wrong
    password: one hash and the same statements. The hash is computed between two transactions; the
    second one locks the person's row, so the count of wrong passwords is exact under parallel
    guesses. Raises TooManyTries, DoorShut, DoorCrowded (AUTH-10); all three are written down.
    """
    names = (site, company_code, login_name)
    visit = Visit(names, address, agent, device, now, queries.sign_in_policy())
    try:
        count_try(policy=visit.policy, account=names, address=address)
        return _checked(visit, password)
    except (TooManyTries, DoorShut, DoorCrowded) as error:
        record_turned_away(error=error, now=now)
        raise


def take_over(
    *,
    site: str,
    public_id: str,
    other_sha256: str,
    address: str,
    agent: str,
    now: datetime,
    device: str = "",
) -> SignInResult:
    """End the other session and open this one, when the checks left pass too (AUTH-1, AUTH-3).

    The edge has made sure, by a signed ticket of two minutes, that the person has just given
    their password. Works once: the other session must still be the live one. Counts as a try.
    Raises TooManyTries, DoorShut (AUTH-10).
    """
    names = (site, "", public_id)
    visit = Visit(names, address, agent, device, now, queries.sign_in_policy())
    try:
        count_try(policy=visit.policy, account=names, address=address)
    except (TooManyTries, DoorShut) as error:
        record_turned_away(error=error, now=now)
        raise
    return _replace_other(visit, other_sha256)


def _checked(visit: Visit, password: str) -> SignInResult:
    """Judge a password without holding anything while its hash is computed.

    A password that was changed in between is read again. Raises DoorCrowded.
    """
    for _ in range(MOST_READINGS):
        stored = _person(visit).values_list("password", flat=True).first() or ""
        result = _judge(visit, stored, right=password_fits(password, stored))
        if result is not None:
            _renew(result, password, stored)
            return result
    raise DoorCrowded()


def _renew(result: SignInResult, password: str, stored: str) -> None:
    """Keep a right password at today's cost; with a crowd at the door the next time (PWD-3)."""
    if result.outcome not in (SignInOutcome.SIGNED_IN, SignInOutcome.ELSEWHERE):
        return
    with suppress(DoorCrowded):
        fresh = renewed_hash(password, stored)
        if fresh and result.user is not None:
            _keep_hash(result.user, stored, fresh)


@transaction.atomic(durable=True)
def _keep_hash(user: User, stored: str, fresh: str) -> None:
    """Replace a hash by a fresh one of the same password, unless another one is stored by now."""
    User.objects.filter(pk=user.pk, password=stored).update(password=fresh)


@transaction.atomic(durable=True)
def _judge(visit: Visit, stored: str, *, right: bool) -> SignInResult | None:
    """Apply the bank's order to a checked password; None where another one is stored by now."""
    user = _person(visit).select_for_update(of=("self",)).select_related("company", "unit").first()
    if (user.password if user else "") != stored:
        return None
    row = Session.objects.filter(
        user_id=user.pk if user else NOBODY, ended_at__isnull=True
    ).first()  # fmt: skip
    live = row if row is not None and _stands(row, visit) else None
    outcome = judge_sign_in(_facts(user, right, live))
    if user is not None and outcome == SignInOutcome.SIGNED_IN:
        return _open_session(user, visit, stale=row)
    count_wrong_password(user, policy=visit.policy, now=visit.now, wrong=not right)
    record_sign_in(user, "identity.session.opened.refused", visit.now, str(outcome))
    if outcome == SignInOutcome.ELSEWHERE and live is not None:
        return _elsewhere(user, live, visit.policy)
    return SignInResult(outcome, user)


@transaction.atomic(durable=True)
def _replace_other(visit: Visit, other_sha256: str) -> SignInResult:
    people = User.objects.select_for_update(of=("self",)).select_related("company", "unit")
    user = people.filter(public_id=visit.names[2]).first()
    live = Session.objects.filter(key_sha256=other_sha256, ended_at__isnull=True).first()
    if user is None or live is None or live.user_id != user.pk:
        return SignInResult(SignInOutcome.REFUSED)
    # The checks that come after 'elsewhere' in the bank's order, and whatever changed meanwhile.
    outcome = judge_sign_in(_facts(user, right=True, live=None))
    if visit.policy.second_sign_in == SignInPolicy.Second.REFUSE:
        outcome = SignInOutcome.REFUSED
    if outcome != SignInOutcome.SIGNED_IN:
        record_sign_in(user, "identity.session.opened.refused", visit.now, str(outcome))
        return SignInResult(outcome, user)
    end_step(live, "replaced", visit.now)
    _tell_replaced(user, live, visit.now)
    return _open_session(user, visit, stale=None)


def _person(visit: Visit) -> QuerySet[User]:
    site, company_code, login_name = visit.names
    if site == "staff":
        return User.objects.filter(unit__isnull=False, login_name=login_name)
    return User.objects.filter(company__code=company_code, login_name=login_name)


def _open_session(user: User, visit: Visit, *, stale: Session | None) -> SignInResult:
    """Open the session; `stale` is one that was left open and stands no more."""
    policy, now = visit.policy, visit.now
    if stale is not None:
        end_step(stale, "idle", now)
        record_sign_in(user, "identity.session.ended", now, "idle", address=stale.address)
    key, device = ids.token(), visit.device or ids.token()
    marks = note_device_step(
        user=user, device=device, address=visit.address, agent=visit.agent, now=now
    )
    Session.objects.create(
        key_sha256=session_digest(key), site=visit.names[0], user=user, address=visit.address,
        agent=visit.agent[:200], idle_minutes=policy.idle_minutes, started_at=now, seen_at=now,
        expires_at=now + timedelta(hours=policy.absolute_hours),
        device_sha256=marks.device_sha256, is_new_device=marks.is_new_device,
        is_new_place=marks.is_new_place, is_out_of_hours=marks.is_out_of_hours,
    )  # fmt: skip
    User.objects.filter(pk=user.pk).update(wrong_passwords=0)
    # Told before (`identity.warn_passwords`), and then asked for (PWD-1).
    set_at = user.password_set_at
    if set_at is not None and set_at <= now - timedelta(days=queries.password_policy().days_valid):
        expect_new_password(user=user, now=now)
    record_sign_in(user, "identity.session.opened", now, "")
    return SignInResult(SignInOutcome.SIGNED_IN, user, session_key=key, device=device)


def _elsewhere(user: User | None, live: Session, policy: SignInPolicy) -> SignInResult:
    told = SignInResult(SignInOutcome.ELSEWHERE, user, since=live.started_at, address=live.address)
    if policy.second_sign_in == SignInPolicy.Second.REFUSE:
        return told
    return replace(told, other_sha256=live.pk)


def _stands(session: Session, visit: Visit) -> bool:
    """Tell whether a session stands by its own figures and by those of today (SES-1)."""
    last = session.started_at + timedelta(hours=visit.policy.absolute_hours)
    return session_live(
        seen_at=session.seen_at, expires_at=min(session.expires_at, last),
        idle_minutes=min(session.idle_minutes, visit.policy.idle_minutes),
        ended=False, now=visit.now,
    )  # fmt: skip


def _facts(user: User | None, right: bool, live: Session | None) -> SignInFacts:
    home = (user.company or user.unit) if user else None
    return SignInFacts(
        known=user is not None,
        password_right=right,
        live_elsewhere=live is not None,
        user_state=UserState(user.state) if user else UserState.CLOSED,
        home_in_force=home is not None and home.state == StandingState.ACTIVE,
    )


def _tell_replaced(user: User, live: Session, now: datetime) -> None:
    """Tell the person that another sign-in ended their session: it may not have been theirs."""
    alerts.enqueue(
        event="identity.user.signed_in_elsewhere",
        cause=f"user:{user.public_id}:{live.started_at.isoformat()}",
        recipients=queries.recipients([user.pk]),
        facts={
            "company_name": user.company.name if user.company else "",
            "actor_name": user.display_name,
        },
        now=now,
    )
