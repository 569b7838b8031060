"""Sign in: by a password, in the bank's order of checks, or in the place of another session."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from identity import queries
from identity.errors import DoorCrowded, DoorShut, TooManyTries
from identity.formats import session_digest
from identity.models import Session, SignInPolicy, User
from identity.operations.devices import note_device_step
from identity.operations.guessing import NOBODY, count_wrong_password
from identity.operations.limits import count_try, record_turned_away
from identity.operations.people import expect_new_password
from identity.operations.sessions import (
    end_step,
    record_sign_in,
    stands,
    tell_replaced_step,
)
from identity.operations.verifying import password_fits, renewed_hash
from identity.policies import STRONG_FACTORS, SignInFacts, SignInOutcome, judge_sign_in
from identity.states import StandingState, UserState
from kernel import ids

# How often a password may be changed under a sign-in before the person is asked to try again.
MOST_READINGS = 3
# So long may a session that was opened beside another take to show its second factor.
HALF_IN = timedelta(minutes=5)


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

    On the staff site a password is not all of the checks: a session that has shown its second
    factor goes on, and beside it one is opened that is good for showing a second factor too, for
    five minutes. `step_up_step` ends the other then.

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
    """Apply the bank's order to a checked password; None where it has to be looked at again.

    That is where another password is stored by now, or a session to be replaced has moved on.
    """
    user = _person(visit).select_for_update(of=("self",)).select_related("company", "unit").first()
    if (user.password if user else "") != stored:
        return None
    row = Session.objects.filter(
        user_id=user.pk if user else NOBODY, ended_at__isnull=True, is_half_in=False
    ).first()  # fmt: skip
    live = row if row is not None and stands(row, visit.policy, visit.now) else None
    gives_way = live is not None and _gives_way(live, visit)
    outcome = judge_sign_in(_facts(user, right, None if gives_way else live))
    if user is not None and outcome == SignInOutcome.SIGNED_IN:
        if live is None:
            return _open_session(user, visit, stale=row)
        return _open_instead(user, live, visit)
    count_wrong_password(user, policy=visit.policy, now=visit.now, wrong=not right)
    record_sign_in(user, "identity.session.opened.refused", visit.now, str(outcome))
    if outcome == SignInOutcome.ELSEWHERE and live is not None:
        return _elsewhere(user, live, visit.policy)
    return SignInResult(outcome, user)


@transaction.atomic(durable=True)
def _replace_other(visit: Visit, other_sha256: str) -> SignInResult:
    people = User.objects.select_for_update(of=("self",)).select_related("company", "unit")
    user = people.filter(public_id=visit.names[2]).first()
    # Locked, so that it cannot show its second factor while it is judged by the password alone.
    sessions = Session.objects.select_for_update(of=("self",))
    live = sessions.filter(
        key_sha256=other_sha256, ended_at__isnull=True, is_half_in=False
    ).first()  # fmt: skip
    if user is None or live is None or live.user_id != user.pk:
        return SignInResult(SignInOutcome.REFUSED)
    # The checks that come after 'elsewhere' in the bank's order, and whatever changed meanwhile.
    outcome = judge_sign_in(_facts(user, right=True, live=None))
    if visit.policy.second_sign_in == SignInPolicy.Second.REFUSE:
        outcome = SignInOutcome.REFUSED
    if outcome != SignInOutcome.SIGNED_IN:
        record_sign_in(user, "identity.session.opened.refused", visit.now, str(outcome))
        return SignInResult(outcome, user)
    if _shows_more(live, visit) and stands(live, visit.policy, visit.now):
        return _open_session(user, visit, stale=None, half_in=True)
    return _open_instead(user, live, visit) or SignInResult(SignInOutcome.REFUSED)


def _shows_more(live: Session, visit: Visit) -> bool:
    """Tell whether a session of the bank's people has shown more than a password."""
    return visit.names[0] == "staff" and live.factor in STRONG_FACTORS


def _gives_way(live: Session, visit: Visit) -> bool:
    """Tell whether a session stands in nobody's way, though a second sign-in is refused.

    On the staff site a password alone is no sign-in yet: it keeps nobody out who knows as much.
    """
    refuses = visit.policy.second_sign_in == SignInPolicy.Second.REFUSE
    return refuses and visit.names[0] == "staff" and not _shows_more(live, visit)


def _open_instead(user: User, live: Session, visit: Visit) -> SignInResult | None:
    """End a session and open this one; None where it has ended or moved on meanwhile."""
    if not end_step(live, "replaced", visit.now):
        return None
    tell_replaced_step(user, live, visit.now)
    return _open_session(user, visit, stale=None)


def _person(visit: Visit) -> QuerySet[User]:
    site, company_code, login_name = visit.names
    if site == "staff":
        return User.objects.filter(unit__isnull=False, login_name=login_name)
    return User.objects.filter(company__code=company_code, login_name=login_name)


def _open_session(
    user: User, visit: Visit, *, stale: Session | None, half_in: bool = False
) -> SignInResult:
    """Open the session; `stale` is one that was left open and stands no more.

    A person has one session that is `half_in`: an older one of that kind is ended.
    """
    policy, now = visit.policy, visit.now
    if stale is not None:
        end_step(stale, "idle", now)
        record_sign_in(user, "identity.session.ended", now, "idle", address=stale.address)
    lasts = timedelta(hours=policy.absolute_hours)
    if half_in:
        lasts = HALF_IN
        older = Session.objects.filter(user=user, ended_at__isnull=True, is_half_in=True)
        if older.update(ended_at=now, ended_why="replaced"):
            record_sign_in(user, "identity.session.ended", now, "replaced")
    key, device = ids.token(), visit.device or ids.token()
    marks = note_device_step(
        user=user, device=device, address=visit.address, agent=visit.agent, now=now
    )
    Session.objects.create(
        key_sha256=session_digest(key), site=visit.names[0], user=user, address=visit.address,
        agent=visit.agent[:200], idle_minutes=policy.idle_minutes, started_at=now, seen_at=now,
        expires_at=now + lasts, is_half_in=half_in,
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


def _facts(user: User | None, right: bool, live: Session | None) -> SignInFacts:
    home = (user.company or user.unit) if user else None
    return SignInFacts(
        known=user is not None,
        password_right=right,
        live_elsewhere=live is not None,
        user_state=UserState(user.state) if user else UserState.CLOSED,
        home_in_force=home is not None and home.state == StandingState.ACTIVE,
    )
