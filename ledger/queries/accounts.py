"""Which accounts are there, and who may do what with them?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Now

from identity.models import Unit, User
from identity.queries import visible_companies
from identity.states import StandingState
from ledger.errors import UnknownAccount
from ledger.gateways import AccountFacts
from ledger.models import Account, AccountRight, Leg
from ledger.policies import ZERO, AccountFunction, AccountKind, OwnPurpose, own_account_number


@dataclass(frozen=True, slots=True)
class RightFacts:
    """Tell what one person may do with an account; `cap` None means no cap of its own."""

    user_id: int
    function: str
    cap: Decimal | None
    counterparty: str


def facts(row: Account) -> AccountFacts:
    """Return the facts of a stored account; its company must be loaded."""
    balance = getattr(row, "rolled_up", row.balance)
    return AccountFacts(
        id=row.pk,
        number=row.number,
        name=row.name,
        company_id=row.company_id,
        company_name=row.company.name if row.company else "",
        currency=row.currency,
        kind=row.kind,
        state=row.state,
        balance=balance,
        held=row.held,
        available=balance - row.held,
    )


def visible_accounts(
    user_id: int, function: str = AccountFunction.INQUIRE, *, now: datetime | None = None
) -> list[AccountFacts]:
    """Return the accounts on which a person holds a function now, by number; one query (ENT-3).

    Without `now` the database's clock decides what is in force.
    """
    return [facts(row) for row in _accounts_of(user_id, function, now).order_by("number")]


def account_ids(user_id: int, function: str, *, now: datetime) -> QuerySet[Account, Any]:
    """Return the ids of the accounts of a function of a person, as part of a larger query."""
    return _accounts_of(user_id, function, now).order_by().values("pk")


def account_for(
    user_id: int,
    number: str,
    function: str = AccountFunction.INQUIRE,
    *,
    now: datetime | None = None,
) -> AccountFacts:
    """Return one account on which a person holds a function now. Raises UnknownAccount."""
    row = _accounts_of(user_id, function, now).filter(number=number).first()
    if row is None:
        raise UnknownAccount
    return facts(row)


def account_by_number(number: str) -> AccountFacts | None:
    """Return any account, whoever may see it, or None."""
    row = with_balance().filter(number=number).first()
    return facts(row) if row else None


def accounts_by_id(account_ids: Iterable[int]) -> dict[int, AccountFacts]:
    """Return any accounts, whoever may see them, in one query."""
    return {row.pk: facts(row) for row in with_balance().filter(pk__in=set(account_ids))}


def company_accounts(company_id: int) -> list[AccountFacts]:
    """Return a company's accounts by number, whoever may use them; one query."""
    rows = Account.objects.filter(company_id=company_id).select_related("company")
    return [facts(row) for row in rows.order_by("number")]


def own_account(purpose: OwnPurpose, currency: str) -> AccountFacts | None:
    """Return the bank's own account for a purpose, or None before its first need."""
    return account_by_number(own_account_number(purpose, currency))


def rights_on(account_id: int, *, now: datetime | None = None) -> list[RightFacts]:
    """Return who may do what with an account now, in one query (FLOW-4)."""
    rows = AccountRight.objects.filter(_in_force(now), content_object_id=account_id)
    return _rights(rows.filter(user__company=F("content_object__company")))


def rights_of(user_id: int, account_id: int, *, now: datetime | None = None) -> list[RightFacts]:
    """Return what one person may do with an account now, in one query."""
    rows = AccountRight.objects.filter(_in_force(now), content_object_id=account_id)
    return _rights(rows.filter(user_id=user_id, user__company=F("content_object__company")))


def rows_visible_to(actor: User, rows: QuerySet[Account]) -> QuerySet[Account]:
    """Return the accounts a person of the bank may see: a branch its customers', others all."""
    seen = Q(company__in=visible_companies(actor).values("pk"))
    if actor.unit is not None and actor.unit.kind != Unit.Kind.BRANCH:
        seen |= Q(company__isnull=True)
    return rows.filter(seen)


def with_balance() -> QuerySet[Account]:
    """Return accounts with their company and, as `rolled_up`, their true balance."""
    legs = Leg.objects.filter(account=OuterRef("pk")).order_by().values("account")
    total = Coalesce(Subquery(legs.annotate(total=Sum("amount")).values("total")), Value(ZERO))
    rolled_up = Case(When(kind=AccountKind.CUSTOMER, then=F("balance")), default=total)
    return Account.objects.annotate(rolled_up=rolled_up).select_related("company")


def _rights(rows: QuerySet[AccountRight]) -> list[RightFacts]:
    columns = ("user_id", "permission__codename", "cap", "counterparty")
    ordered = rows.order_by("user_id", "permission__codename")
    return [RightFacts(*row) for row in ordered.values_list(*columns)]


def _in_force(now: datetime | None, prefix: str = "") -> Q:
    """Return what makes a right count: its own period, and its grant's state and period."""
    moment = now or Now()
    grant = Q(**{f"{prefix}grant__isnull": True}) | (
        Q(
            **{
                f"{prefix}grant__state": StandingState.ACTIVE,
                f"{prefix}grant__valid_from__lte": moment,
            }
        )
        & _open_ended(f"{prefix}grant__valid_until", moment)
    )
    started = Q(**{f"{prefix}valid_from__lte": moment})
    return grant & started & _open_ended(f"{prefix}valid_until", moment)


def _open_ended(column: str, moment: datetime | Now) -> Q:
    return Q(**{f"{column}__isnull": True}) | Q(**{f"{column}__gt": moment})


def _accounts_of(user_id: int, function: str, now: datetime | None) -> QuerySet[Account]:
    return Account.objects.filter(
        _in_force(now, "rights__"),
        rights__user_id=user_id,
        rights__user__company=F("company"),
        rights__permission__codename=function,
    ).select_related("company")
