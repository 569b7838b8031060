"""What stories of requests look at: the row, the money, the limits, and how to change people."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from approvals.models import Request
from identity.models import Company, Grant, Unit, User
from identity.operations import grant_role
from kernel.money import Money
from ledger import queries as ledger
from ledger.operations import grant_right
from ledger.policies import AccountFunction
from tests.factories.world import FROM, PAYEE, Holder, World
from transfers.models import LimitCounter


@dataclass(frozen=True)
class Books:
    """Hold what a story may move: both accounts, what is held, the day's limit."""

    balance: Decimal
    held: Decimal
    payee: Decimal
    reserved: Decimal
    used: Decimal


def row(reference: str) -> Request:
    """Return a request as it is stored now."""
    return Request.objects.get(reference=reference)


def books(world: World) -> Books:
    """Return how accounts and limit stand now."""
    source, target = ledger.account_by_number(FROM), ledger.account_by_number(PAYEE)
    assert source is not None
    assert target is not None
    counter = LimitCounter.objects.filter(company=world.company, currency="TWD").first()
    return Books(
        source.balance,
        source.held,
        target.balance,
        counter.reserved if counter else Decimal(0),
        counter.used if counter else Decimal(0),
    )


def twd(amount: int | str) -> Money:
    """Return New Taiwan dollars."""
    return Money(Decimal(amount), "TWD")


def change(thing: User | Company | Unit | Grant, verb: str) -> None:
    """Apply a verb to what is stored of a person, home or grant."""
    fresh = type(thing).objects.get(pk=thing.pk)
    getattr(fresh, verb)()
    fresh.save()


def grant(
    world: World, login: str, role: str, *, level: int = 0, group: str = "", card: bool = True
) -> Holder:
    """Give a person a role and the right on the account that goes with it, and a card."""
    functions = {
        "ent.finance.maker": AccountFunction.EDIT_TRANSFER,
        "ent.finance.reviewer": AccountFunction.REVIEW_TRANSFER,
        "ent.finance.releaser": AccountFunction.RELEASE_TRANSFER,
    }
    user = world.first.people[login]
    account = world.first.accounts[FROM]
    with transaction.atomic():
        given = grant_role(
            user=user, role_code=role, level=level, group=group, parent=None, granted_by=None,
            now=world.now,
        )  # fmt: skip
        held = {right.function for right in ledger.rights_of(user.pk, account, now=world.now)}
        if functions[role] not in held:
            grant_right(
                account_id=account, user_id=user.pk, function=functions[role], cap=None,
                grant_id=given.pk, actor="system", now=world.now,
            )  # fmt: skip
    return world.holder(login, card=card)


def maker(world: World) -> Holder:
    """Return the first maker, who needs no card."""
    return world.holder("maker01", card=False)


def second_maker(world: World) -> Holder:
    """Return the second maker, who needs no card."""
    return world.holder("maker02", card=False)
