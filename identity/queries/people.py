"""Who is who, and what may they do now?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from alerts.render import Recipient
from identity.models import (
    Company,
    ContactPoint,
    Grant,
    Role,
    Unit,
    User,
)
from identity.policies import Home
from identity.states import StandingState, UserState


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """Name one role in force: its code, reviewing level (0 to 3) and signing group."""

    role: str
    level: int
    group: str


@dataclass(frozen=True, slots=True)
class Member:
    """Describe one person of a company as the approval rules see them."""

    user_id: int
    public_id: str
    name: str
    in_force: bool
    grants: tuple[GrantFacts, ...]


def grants_in_force(now: datetime) -> QuerySet[Grant]:
    """Return grants in force now: own state and period, and their person's and home's standing."""
    home = Q(
        user__company__state=StandingState.ACTIVE, user__company__branch__state=StandingState.ACTIVE
    )
    return Grant.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gt=now),
        home | Q(user__unit__state=StandingState.ACTIVE),
        state=StandingState.ACTIVE,
        valid_from__lte=now,
        user__state=UserState.ACTIVE,
    )


def permissions_of(user_id: int, *, now: datetime) -> frozenset[str]:
    """Return the permissions of all roles a person holds in force at this moment."""
    lists = grants_in_force(now).filter(user_id=user_id).values_list("role__permissions", flat=True)
    return frozenset(permission for permissions in lists for permission in permissions)


def grants_of(user_id: int, *, now: datetime) -> dict[int, GrantFacts]:
    """Return a person's grants in force by id, in one query; empty where person or home is not."""
    rows = grants_in_force(now).filter(user_id=user_id)
    columns = rows.values_list("pk", "role__code", "level", "group")
    return {pk: GrantFacts(role, level, group) for pk, role, level, group in columns}


def at_home(home: Home, path: str = "") -> Q:
    """Return the condition that a row belongs to this company or unit.

    `path` leads to the row that has one of both, such as `user__`.
    """
    if home.company_id is not None:
        return Q(**{f"{path}company_id": home.company_id})
    return Q(**{f"{path}unit_id": home.unit_id})


def members(home: Home, *, now: datetime, user_ids: Sequence[int] | None = None) -> list[Member]:
    """Return everyone of a company or unit (or some) with roles in force, by name; two queries."""
    grants: dict[int, list[GrantFacts]] = {}
    rows = grants_in_force(now).filter(at_home(home, "user__"))
    people = User.objects.filter(at_home(home)).exclude(state=UserState.CLOSED)
    if user_ids is not None:
        rows, people = rows.filter(user_id__in=user_ids), people.filter(pk__in=user_ids)
    for user_id, role, level, group in rows.values_list("user_id", "role__code", "level", "group"):
        grants.setdefault(user_id, []).append(GrantFacts(role, level, group))
    return [
        Member(
            user_id=person.pk,
            public_id=person.public_id,
            name=person.display_name,
            in_force=person.state == UserState.ACTIVE,
            grants=tuple(grants.get(person.pk, ())),
        )
        for person in people.order_by("display_name", "pk")
    ]


def home_of(user_id: int) -> Home:
    """Return where a person belongs; nowhere for an unknown one."""
    rows = User.objects.filter(pk=user_id).values_list("company_id", "unit_id")
    return Home(*(rows.first() or (0, None)))


def counter_of(user: User) -> str:
    """Return the name of the bank's unit that looks after a person: their branch or own unit."""
    if user.unit is not None:
        return user.unit.name
    rows = Company.objects.filter(pk=user.company_pk)
    return rows.values_list("branch__name", flat=True).first() or ""


def recipients(user_ids: Iterable[int]) -> list[Recipient]:
    """Return every registered contact point of these people with their language; one query."""
    points = (
        ContactPoint.objects.filter(user_id__in=list(user_ids))
        .exclude(address="")  # a first one still waits for its code
        .select_related("user__company")
        .order_by("user_id", "channel")
    )
    return [
        Recipient(
            key=point.user.public_id,
            channel=point.channel,
            address=point.address,
            language=point.user.language,
            company_key=point.user.company.code if point.user.company else "",
        )
        for point in points
    ]


def security_pair(user: User, *, now: datetime) -> list[int]:
    """Return who watches over security where a person is at home: company or unit; one query."""
    home = Q(user__unit=user.unit_id or 0, role__code__startswith="branch.security.")
    if user.company_id is not None:
        home = Q(user__company=user.company_id, role__code__startswith="ent.security.")
    return list(grants_in_force(now).filter(home).values_list("user_id", flat=True).distinct())


def security_people(user: User, *, now: datetime) -> list[int]:
    """Return whom an attack on a person is told to, by id; one query (AUTH-2).

    The bank's own system administrators, and for a company's person its security pair too.
    """
    watching = Q(user__unit__isnull=False, role__code__startswith="it.security.")
    if user.company_id is not None:
        watching |= Q(user__company=user.company_id, role__code__startswith="ent.security.")
    return list(grants_in_force(now).filter(watching).values_list("user_id", flat=True).distinct())


def names(public_ids: Iterable[str]) -> dict[str, str]:
    """Return the display names behind public ids, for history pages; one query."""
    return dict(
        User.objects.filter(public_id__in=set(public_ids)).values_list("public_id", "display_name")
    )


def role_names(user_id: int, *, language: str) -> str:
    """Return the names of a person's roles in the reader's language; one query."""
    column = "name" if language.startswith("zh") else "name_en"
    roles = Role.objects.filter(grants__user_id=user_id, grants__state=StandingState.ACTIVE)
    return ", ".join(roles.order_by("code").values_list(column, flat=True).distinct())


def role_names_of(user_ids: Iterable[int], *, language: str) -> dict[int, str]:
    """Return the names of these people's roles in the reader's language; one query."""
    column = "name" if language.startswith("zh") else "name_en"
    grants = Grant.objects.filter(user_id__in=list(user_ids), state=StandingState.ACTIVE)
    found: dict[int, list[str]] = {}
    for user_id, name in grants.order_by("role__code").values_list("user_id", f"role__{column}"):
        found.setdefault(user_id, []).append(name)
    return {user_id: ", ".join(dict.fromkeys(names)) for user_id, names in found.items()}


def company_by_code(code: str) -> Company | None:
    """Return the company with this code, or None."""
    return Company.objects.filter(code=code).first()


def visible_companies(actor: User) -> QuerySet[Company]:
    """Return the companies a person of the bank may see: a branch its own, others all."""
    if actor.unit is None:
        return Company.objects.filter(pk=actor.company_pk)
    if actor.unit.kind == Unit.Kind.BRANCH:
        return Company.objects.filter(branch=actor.unit)
    return Company.objects.all()


def visible_units(actor: User) -> QuerySet[Unit]:
    """Return the units a person of the bank may see: a branch itself, the head office all."""
    if actor.unit is None:
        return Unit.objects.none()
    if actor.unit.kind == Unit.Kind.BRANCH:
        return Unit.objects.filter(pk=actor.unit.pk)
    return Unit.objects.all()


def visible_users(actor: User) -> QuerySet[User]:
    """Return the people a person of the bank may see: those of their unit and of its companies."""
    if actor.unit is None:
        return User.objects.filter(company_id=actor.company_pk)
    if actor.unit.kind == Unit.Kind.BRANCH:
        return User.objects.filter(Q(unit=actor.unit) | Q(company__branch=actor.unit))
    return User.objects.all()
