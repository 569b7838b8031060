"""Bring people, units and companies in, and grant roles; steps of larger acts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.db import transaction

from audit import operations as audit
from identity.models import Company, ContactPoint, Grant, Role, Unit, User
from kernel import ids


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
    first_used_at: datetime | None = None,
) -> User:
    """Add a person with contact points (`email`, `sms`) and a first password; a step (DEL-3).

    Whoever has not been through first use begins with it, and with another password than this
    one; `first_used_at` is when somebody else's records say that it was done. An empty password
    is one that nobody can give: its person begins with an activation code (AUTH-9).
    """
    audit.require_transaction()
    user = User(
        public_id=f"U{ids.readable(10)}",
        company=home if isinstance(home, Company) else None,
        unit=home if isinstance(home, Unit) else None,
        login_name=login_name,
        display_name=display_name,
        language=language,
        password=make_password(password or None),
        password_set_at=first_used_at or now,
        must_change_password=first_used_at is None,
        login_name_chosen_at=first_used_at,
        first_used_at=first_used_at,
        created_at=now,
    )
    user.save(force_insert=True)
    ContactPoint.objects.bulk_create(
        ContactPoint(user=user, channel=channel, address=address, verified_at=first_used_at)
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


def expect_new_password(*, user: User, now: datetime) -> None:
    """Let a person choose a new password before anything else at the next sign-in; a step."""
    audit.require_transaction()
    if not User.objects.filter(pk=user.pk, must_change_password=False).update(
        must_change_password=True
    ):
        return
    audit.record(
        chain=home_chain(user), event="identity.user.password_expired", actor="system",
        target=f"user:{user.public_id}", now=now,
    )  # fmt: skip


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
