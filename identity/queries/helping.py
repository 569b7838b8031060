"""Whom may the unit above let in again: who is helped by whom, and how do they stand?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from identity.models import Company, Grant, Session, Unit, User
from identity.policies import Home
from identity.queries.people import grants_in_force
from identity.states import StandingState, UserState


class Relation(StrEnum):
    """Name who is helped, by the unit above them (AUTH-2, AUTH-9).

    A company's people by its security pair, that pair by the branch, the people of a branch by
    its security pair, and that pair by the head office, as the head office's own other people.
    """

    PEOPLE = "people"
    CUSTOMERS = "customers"
    STAFF = "staff"
    BRANCHES = "branches"


# By how the codes of the roles begin whose holders help.
HELPERS = {
    "ent.security.": Relation.PEOPLE,
    "branch.business.": Relation.CUSTOMERS,
    "branch.security.": Relation.STAFF,
    "it.security.": Relation.BRANCHES,
}


@dataclass(frozen=True, slots=True)
class Helped:
    """Describe one person to those who may help them.

    `wrong_passwords` counts those in a row; `cursor` names the row for the next page.
    """

    user_id: int
    number: str
    name: str
    login_name: str
    home_name: str
    state: str
    wrong_passwords: int
    last_sign_in_at: datetime | None
    in_charge: Home

    @property
    def cursor(self) -> str:
        """Return what names this row as the last of a page."""
        return str(self.user_id)


def relations_of(actor: User, *, now: datetime) -> tuple[Relation, ...]:
    """Return whom a person's roles in force let them help; one query."""
    codes = set(grants_in_force(now).filter(user=actor).values_list("role__code", flat=True))
    found = [one for begin, one in HELPERS.items() if any(code.startswith(begin) for code in codes)]
    return tuple(found)


def helped_person(relation: Relation, number: str) -> Helped | None:
    """Return the person of this user number where the relation covers them, or None; one query."""
    row = _everyone(relation).filter(public_id=number).first()
    return _helped(row, relation) if row is not None else None


def helped_people(
    relation: Relation, home: Home, *, text: str = "", state: str = "", cursor: str = "", limit: int
) -> list[Helped]:
    """Return the people whom this company or unit helps, by name, from behind the cursor on.

    `text` is part of a name, login name, or of the company's or unit's code or name. At most two
    queries, whatever the number of people.
    """
    rows = _everyone(relation).filter(_in_reach(relation, home))
    if text:
        rows = rows.filter(
            Q(display_name__icontains=text) | Q(login_name__icontains=text)
            | Q(company__name__icontains=text) | Q(company__code__startswith=text)
            | Q(unit__name__icontains=text) | Q(unit__code__startswith=text)
        )  # fmt: skip
    if state in list(UserState):
        rows = rows.filter(state=state)
    last = User.objects.filter(pk=int(cursor)).first() if _is_key(cursor) else None
    if last is not None:
        name = last.display_name
        rows = rows.filter(Q(display_name__gt=name) | Q(display_name=name, pk__gt=last.pk))
    return [_helped(row, relation) for row in rows.order_by("display_name", "pk")[:limit]]


def it_security_person(number: str) -> User | None:
    """Return the person of this user number where no unit is above them: IT security; one query."""
    rows = User.objects.exclude(state=UserState.CLOSED).select_related("company", "unit")
    security = _holds("it.security.")
    return rows.filter(security, public_id=number, unit__kind=Unit.Kind.IT).first()


def bank_watchers(*, now: datetime | None = None) -> list[int]:
    """Return the ids of IT security and of the auditors; one query.

    With `now` only those whose role is in force then; without it also those who are paused or
    suspended, for telling them.
    """
    grants = (
        grants_in_force(now)
        if now is not None
        else Grant.objects.exclude(state=StandingState.CLOSED).exclude(user__state=UserState.CLOSED)
    )
    watching = Q(role__code__startswith="it.security.") | Q(role__code="bank.auditor")
    rows = grants.filter(watching, user__unit__isnull=False)
    return list(rows.values_list("user_id", flat=True).distinct())


def in_charge_of(relation: Relation, number: str) -> Home | None:
    """Return the company or unit that helps this person, or None for somebody unknown.

    Also for a person whom the relation does not cover: who is asked for them is at home here.
    """
    row = User.objects.select_related("company", "unit").filter(public_id=number).first()
    return _in_charge(row, relation) if row is not None else None


def people_at_door(*, site: str, company_code: str, login_name: str) -> QuerySet[User]:
    """Return the one person whom these names mean at a site's door, or none; not yet read."""
    people = User.objects.select_related("company", "unit").filter(login_name=login_name)
    if site == "staff":
        return people.filter(unit__isnull=False)
    return people.filter(company__code=company_code)


def _everyone(relation: Relation) -> QuerySet[User]:
    """Return everybody whom the relation covers, of any home."""
    latest = Session.objects.filter(user=OuterRef("pk")).order_by("-started_at")
    rows = (
        User.objects.exclude(state=UserState.CLOSED)
        .select_related("company", "unit")
        .annotate(last_sign_in_at=Subquery(latest.values("started_at")[:1]))
    )
    match relation:
        case Relation.PEOPLE:
            return rows.filter(~_holds("ent.security."), company__isnull=False)
        case Relation.CUSTOMERS:
            return rows.filter(_holds("ent.security."), company__isnull=False)
        case Relation.STAFF:
            return rows.filter(~_holds("branch.security."), unit__kind=Unit.Kind.BRANCH)
    security = Q(unit__kind=Unit.Kind.BRANCH) & Q(_holds("branch.security."))
    head_office = Q(unit__kind=Unit.Kind.IT) & ~Q(_holds("it.security."))
    return rows.filter(security | head_office)


def _holds(begin: str) -> Exists:
    """Return the condition that a person holds such a role, in force or not: it may come back."""
    grants = Grant.objects.filter(user=OuterRef("pk"), role__code__startswith=begin)
    return Exists(grants.exclude(state=StandingState.CLOSED))


def _in_reach(relation: Relation, home: Home) -> Q:
    if relation == Relation.PEOPLE:
        return Q(company_id=home.company_id or 0)
    unit = home.unit_id or 0
    if relation == Relation.CUSTOMERS:
        return Q(company__in=Company.objects.filter(branch_id=unit))
    if relation == Relation.STAFF:
        return Q(unit_id=unit)
    return Q(unit_id=unit) | Q(unit__parent_id=unit)


def _in_charge(user: User, relation: Relation) -> Home:
    """Return who helps: for somebody whom no such home has, a home that nobody is at."""
    if relation == Relation.PEOPLE:
        return Home(user.company_pk)
    if relation == Relation.CUSTOMERS:
        return Home(None, user.company.branch_id if user.company is not None else 0)
    if user.unit is None:
        return Home(None, 0)
    if relation == Relation.STAFF or user.unit.kind == Unit.Kind.IT:
        return Home(None, user.unit.pk)
    return Home(None, user.unit.parent_id or 0)


def _helped(row: User, relation: Relation) -> Helped:
    home = row.company or row.unit
    return Helped(
        user_id=row.pk,
        number=row.public_id,
        name=row.display_name,
        login_name=row.login_name,
        home_name=str(home),
        state=row.state,
        wrong_passwords=row.wrong_passwords,
        last_sign_in_at=getattr(row, "last_sign_in_at", None),
        in_charge=_in_charge(row, relation),
    )


def _is_key(cursor: str) -> bool:
    return cursor.isascii() and cursor.isdigit() and len(cursor) < 18
