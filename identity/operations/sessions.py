"""Sign in and out, and keep sessions awake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import StandingChanged
from identity.formats import session_digest
from identity.models import Session, SignInPolicy, User
from identity.operations.people import home_chain
from identity.policies import SignInFacts, SignInOutcome, judge_sign_in, session_live
from identity.states import StandingState, UserState
from kernel import ids

NOBODY = 0  # no row has this key: for work that must look the same without a person


@dataclass(frozen=True, slots=True)
class SignInResult:
    """Tell how a sign-in ended; committed either way, because wrong passwords are counted.

    `session_key` is the cookie's value where it succeeded. Where somebody is signed in
    elsewhere, `since` and `address` tell about the other session (AUTH-3).
    """

    outcome: SignInOutcome
    user: User | None = None
    session_key: str = ""
    since: datetime | None = None
    address: str = ""
    other_sha256: str = ""


@transaction.atomic(durable=True)
def sign_in(
    *,
    site: str,
    company_code: str,
    login_name: str,
    password: str,
    address: str,
    agent: str,
    now: datetime,
) -> SignInResult:
    """Check a sign-in in the bank's order and open the session when all checks pass (AUTH-1..3).

    `company_code` is empty on the staff site. An unknown name costs the same work as a wrong
    password: one hash and the same statements. The count of wrong passwords is exact under
    parallel guesses: the person's row is locked.
    """
    policy = queries.sign_in_policy()
    user = _lock_person(site, company_code, login_name)
    right = check_password(password, user.password if user else _decoy())
    live = _live_session(user, now)
    outcome = judge_sign_in(_facts(user, right, live))
    if not right:
        count_wrong_password(user, pause_after=policy.pause_after, now=now)
    if user is None or outcome != SignInOutcome.SIGNED_IN:
        _record_sign_in(user, "identity.session.opened.refused", now, str(outcome))
        if live is None:
            return SignInResult(outcome, user)
        return SignInResult(
            outcome, user, since=live.started_at, address=live.address, other_sha256=live.pk
        )
    return _open_session(user, site=site, address=address, agent=agent, policy=policy, now=now)


@transaction.atomic(durable=True)
def take_over(
    *, site: str, public_id: str, other_sha256: str, address: str, agent: str, now: datetime
) -> SignInResult:
    """End the other session and open this one, when the checks left pass too (AUTH-1, AUTH-3).

    The edge has made sure, by a signed ticket of two minutes, that the person has just given
    their password. Works once: the other session must still be the live one.
    """
    user = (
        User.objects.select_for_update(of=("self",))
        .select_related("company", "unit")
        .filter(public_id=public_id)
        .first()
    )
    live = Session.objects.filter(key_sha256=other_sha256, ended_at__isnull=True).first()
    if user is None or live is None or live.user_id != user.pk:
        return SignInResult(SignInOutcome.REFUSED)
    # The checks that come after 'elsewhere' in the bank's order, and whatever changed meanwhile.
    outcome = judge_sign_in(_facts(user, right=True, live=None))
    if outcome != SignInOutcome.SIGNED_IN:
        _record_sign_in(user, "identity.session.opened.refused", now, str(outcome))
        return SignInResult(outcome, user)
    _end(live, "replaced", now)
    _tell_replaced(user, live, now)
    policy = queries.sign_in_policy()
    return _open_session(user, site=site, address=address, agent=agent, policy=policy, now=now)


@transaction.atomic(durable=True)
def sign_out(*, key_sha256: str, now: datetime) -> None:
    """End a session at its person's wish; nothing happens where it has already ended."""
    session = Session.objects.select_for_update(of=("self",)).filter(
        key_sha256=key_sha256, ended_at__isnull=True
    ).select_related("user__company", "user__unit").first()  # fmt: skip
    if session is not None:
        _end(session, "signed out", now)
        _record_sign_in(session.user, "identity.session.ended", now, "")


def end_sessions(*, user: User, why: str, now: datetime) -> int:
    """End every session of a person at once; a step (SES-2). Returns how many there were.

    `why` is a few words of at most 20 characters that the list of sign-ins shows.
    """
    audit.require_transaction()
    ended = Session.objects.filter(user=user, ended_at__isnull=True).update(
        ended_at=now, ended_why=why
    )
    if ended:
        _record_sign_in(user, "identity.session.ended", now, why)
    return ended


def step_up_step(*, user: User, key_sha256: str, factor: str, now: datetime) -> str:
    """Note that the person of a live session has shown this factor too; a step (AUTH-5).

    The session goes on under a new key, which is returned: whoever had learnt the old one has
    nothing. Raises StandingChanged where the session has ended meanwhile.
    """
    audit.require_transaction()
    key = ids.token()
    moved = Session.objects.filter(key_sha256=key_sha256, user=user, ended_at__isnull=True).update(
        key_sha256=session_digest(key), factor=factor, stepped_up_at=now, seen_at=now
    )
    if not moved:
        raise StandingChanged()
    _record_sign_in(user, "identity.session.stepped_up", now, str(factor))
    return key


@transaction.atomic(durable=True)
def touch_session(*, key_sha256: str, now: datetime) -> None:
    """Note that a session was used, which moves its idle deadline (SES-1)."""
    Session.objects.filter(key_sha256=key_sha256, ended_at__isnull=True).update(seen_at=now)


@transaction.atomic(durable=True)
def keep_session_data(*, key_sha256: str, data: Mapping[str, object]) -> None:
    """Keep the small data pages put into a live session."""
    Session.objects.filter(key_sha256=key_sha256, ended_at__isnull=True).update(data=dict(data))


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


def _decoy() -> str:
    """Return a hash that no password fits, so that unknown names cost as much."""
    if not hasattr(_decoy, "encoded"):
        _decoy.encoded = make_password(ids.token())  # type: ignore[attr-defined]
    return str(_decoy.encoded)  # type: ignore[attr-defined]


def _lock_person(site: str, company_code: str, login_name: str) -> User | None:
    people = User.objects.select_for_update(of=("self",)).select_related("company", "unit")
    if site == "staff":
        return people.filter(unit__isnull=False, login_name=login_name).first()
    return people.filter(company__code=company_code, login_name=login_name).first()


def _open_session(
    user: User, *, site: str, address: str, agent: str, policy: SignInPolicy, now: datetime
) -> SignInResult:
    key = ids.token()
    Session.objects.create(
        key_sha256=session_digest(key), site=site, user=user, address=address,
        agent=agent[:200], idle_minutes=policy.idle_minutes, started_at=now, seen_at=now,
        expires_at=now + timedelta(hours=policy.absolute_hours),
    )  # fmt: skip
    User.objects.filter(pk=user.pk).update(wrong_passwords=0)
    _record_sign_in(user, "identity.session.opened", now, "")
    return SignInResult(SignInOutcome.SIGNED_IN, user, session_key=key)


def _live_session(user: User | None, now: datetime) -> Session | None:
    """Return the session that stands, ending one that was left open too long."""
    live = Session.objects.filter(
        user_id=user.pk if user else NOBODY, ended_at__isnull=True
    ).first()
    if live is None or session_live(
        seen_at=live.seen_at, expires_at=live.expires_at, idle_minutes=live.idle_minutes,
        ended=False, now=now,
    ):  # fmt: skip
        return live
    _end(live, "idle", now)
    return None


def _facts(user: User | None, right: bool, live: Session | None) -> SignInFacts:
    home = (user.company or user.unit) if user else None
    return SignInFacts(
        known=user is not None,
        password_right=right,
        live_elsewhere=live is not None,
        user_state=UserState(user.state) if user else UserState.CLOSED,
        home_in_force=home is not None and home.state == StandingState.ACTIVE,
    )


def _end(session: Session, why: str, now: datetime) -> None:
    Session.objects.filter(pk=session.pk).update(ended_at=now, ended_why=why)


def count_wrong_password(user: User | None, *, pause_after: int, now: datetime) -> None:
    """Count a wrong password and pause the person when there are too many (AUTH-2).

    For an unknown name the same statement counts nobody.
    """
    if user is None:
        User.objects.filter(pk=NOBODY).update(
            wrong_passwords=F("wrong_passwords") + 1, state=UserState.ACTIVE
        )
        return
    user.wrong_passwords += 1
    # At least: they also count while somebody is suspended, and the policy's figure may be lowered.
    if user.wrong_passwords >= pause_after and user.state == UserState.ACTIVE:
        user.pause()
        alerts.enqueue(
            event="identity.user.paused",
            cause=f"user:{user.public_id}:{now.isoformat()}",
            recipients=queries.recipients([user.pk]),
            facts={"company_name": user.company.name if user.company else ""},
            now=now,
        )
    User.objects.filter(pk=user.pk).update(
        wrong_passwords=F("wrong_passwords") + 1, state=user.state
    )


def _record_sign_in(user: User | None, event: str, now: datetime, reason: str) -> None:
    name = user.public_id if user else "unknown"
    audit.record(
        chain=home_chain(user) if user else audit.BANK, event=event, actor=name,
        target=f"user:{name}", now=now, reason=reason,
    )  # fmt: skip
