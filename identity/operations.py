"""Bring people in, grant, sign in and out. The only writer of identity's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import connection, transaction
from django.db.models import F

from alerts import operations as alerts
from audit import operations as audit
from identity import queries
from identity.errors import StandingChanged
from identity.formats import session_digest
from identity.models import (
    Company,
    ContactPoint,
    FormPost,
    Grant,
    Role,
    Session,
    SignInPolicy,
    Unit,
    User,
)
from identity.policies import SignInFacts, SignInOutcome, judge_sign_in, session_live
from identity.states import StandingState, UserState
from kernel import ids
from kernel.errors import DomainError

NOBODY = 0  # no row has this key: for work that must look the same without a person

# One statement that says whether this was the first sending; the ORM cannot tell that.
CLAIM_FORM = """
INSERT INTO identity_formpost (user_id, key, outcome, at) VALUES (%s, %s, %s, %s)
ON CONFLICT (user_id, key) DO NOTHING RETURNING id
"""


# Shared locks, which the ORM does not offer: many acts of one person may go on side by side.
HOLD_STANDING = """
SELECT g.id FROM identity_grant g
JOIN identity_user u ON u.id = g.user_id AND u.state = 'ACTIVE'
JOIN identity_company c ON c.id = u.company_id AND c.state = 'ACTIVE'
JOIN identity_unit b ON b.id = c.branch_id AND b.state = 'ACTIVE'
WHERE u.id = %s AND g.id = ANY(%s) AND g.state = 'ACTIVE' ORDER BY g.id
FOR SHARE OF g, u, c, b
"""


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


def home_chain(user: User) -> str:
    """Return the name of the audit chain a person's acts belong to."""
    if user.company is not None:
        return f"company:{user.company.code}"
    assert user.unit is not None  # noqa: S101 - the database holds it: exactly one home
    return f"unit:{user.unit.code}"


def open_unit(*, code: str, name: str, kind: str, parent: Unit | None, now: datetime) -> Unit:
    """Open a unit of the bank; a step of a delegation (DEL-2)."""
    audit.require_transaction()
    unit = Unit.objects.create(code=code, name=name, kind=kind, parent=parent)
    audit.record(
        chain=f"unit:{code}", event="identity.unit.opened", actor="system",
        target=f"unit:{code}", now=now, after={"name": name, "kind": kind},
    )  # fmt: skip
    return unit


def register_company(*, code: str, name: str, branch: Unit, actor: str, now: datetime) -> Company:
    """Register an enterprise at a branch; a step of a counter registration (ENT-1)."""
    audit.require_transaction()
    company = Company.objects.create(code=code, name=name, branch=branch, registered_at=now)
    audit.record(
        chain=f"company:{code}", event="identity.company.registered", actor=actor,
        target=f"company:{code}", now=now, after={"name": name, "branch": branch.code},
    )  # fmt: skip
    return company


def add_person(
    *,
    home: Company | Unit,
    login_name: str,
    display_name: str,
    language: str,
    password: str,
    contacts: Mapping[str, str],
    actor: str,
    now: datetime,
) -> User:
    """Add a person with verified contact points (`email`, `sms`) and a first password; a step."""
    audit.require_transaction()
    user = User(
        public_id=f"U{ids.readable(10)}",
        company=home if isinstance(home, Company) else None,
        unit=home if isinstance(home, Unit) else None,
        login_name=login_name,
        display_name=display_name,
        language=language,
        password=make_password(password),
        created_at=now,
    )
    user.save(force_insert=True)
    ContactPoint.objects.bulk_create(
        ContactPoint(user=user, channel=channel, address=address, verified_at=now)
        for channel, address in contacts.items()
    )
    audit.record(
        chain=home_chain(user), event="identity.user.added", actor=actor,
        target=f"user:{user.public_id}", now=now,
        after={"name": display_name, "channels": sorted(contacts)},
    )  # fmt: skip
    return user


def grant_role(
    *,
    user: User,
    role_code: str,
    level: int = 0,
    group: str = "",
    parent: Grant | None,
    granted_by: User | None,
    now: datetime,
) -> Grant:
    """Grant a role under a parent grant; a step (DEL-4)."""
    audit.require_transaction()
    grant = Grant.objects.create(
        user=user, role=Role.objects.get(code=role_code), level=level, group=group,
        parent=parent, granted_by=granted_by, valid_from=now,
    )  # fmt: skip
    audit.record(
        chain=home_chain(user), event="identity.grant.given",
        actor=granted_by.public_id if granted_by else "system",
        target=f"user:{user.public_id}", now=now,
        after={"role": role_code, "level": level, "group": group},
    )  # fmt: skip
    return grant


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
        _count_wrong_password(user, pause_after=policy.pause_after, now=now)
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


@transaction.atomic(durable=True)
def touch_session(*, key_sha256: str, now: datetime) -> None:
    """Note that a session was used, which moves its idle deadline (SES-1)."""
    Session.objects.filter(key_sha256=key_sha256, ended_at__isnull=True).update(seen_at=now)


@transaction.atomic(durable=True)
def keep_session_data(*, key_sha256: str, data: Mapping[str, object]) -> None:
    """Keep the small data pages put into a live session."""
    Session.objects.filter(key_sha256=key_sha256, ended_at__isnull=True).update(data=dict(data))


@transaction.atomic(durable=True)
def choose_language(*, actor: User, language: str, now: datetime) -> None:
    """Keep the language a person reads and is told things in (DEL-3)."""
    before = actor.language
    if language != before:
        User.objects.filter(pk=actor.pk).update(language=language)
        audit.record(
            chain=home_chain(actor), event="identity.user.language_chosen", actor=actor.public_id,
            target=f"user:{actor.public_id}", now=now,
            before={"language": before}, after={"language": language},
        )  # fmt: skip


def end_sessions(*, user_ids: Sequence[int], why: str, now: datetime) -> int:
    """End every live session of these people; a step of suspensions and the like (SES-2)."""
    audit.require_transaction()
    live = Session.objects.filter(user_id__in=list(user_ids), ended_at__isnull=True)
    return live.update(ended_at=now, ended_why=why)


def record_refusal(
    *, actor: User, event: str, target: str, error: DomainError, now: datetime
) -> None:
    """Write down that something was refused, after its own transaction is gone (AUD-1)."""
    audit.record_refused(
        chain=home_chain(actor), event=event, actor=actor.public_id, target=target,
        reason=error.code, now=now,
    )  # fmt: skip


def claim_form(*, actor: User, key: str, outcome: str, now: datetime) -> str:
    """Note that a form is being sent; a step. Return empty text, or what its first sending led to.

    A second sending waits for the first and then sees its outcome, so double clicks and retries
    act once (TRF-8). `key` is the random text the page carried, `outcome` a reference.
    """
    audit.require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_FORM, [actor.pk, key, outcome, now])
        row = cursor.fetchone()
    if row is not None:
        return ""
    return FormPost.objects.get(user=actor, key=key).outcome


def hold_standing(*, user_id: int, grant_ids: frozenset[int]) -> None:
    """Lock a person, their home and grants against change until the act commits; a step.

    Insists that the grants the act was judged by still stand: a suspension that came between
    is felt (DEL-4). Raises Conflict.
    """
    audit.require_transaction()
    with connection.cursor() as cursor:
        cursor.execute(HOLD_STANDING, [user_id, sorted(grant_ids)])
        held = {row[0] for row in cursor.fetchall()}
    if held != grant_ids:
        raise StandingChanged()


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


def _count_wrong_password(user: User | None, *, pause_after: int, now: datetime) -> None:
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
