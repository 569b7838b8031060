"""Companies with accounts and money on them, made as the bank makes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import transaction

from identity import operations as identity
from identity.models import Company, Unit
from kernel.money import Money
from ledger import operations
from ledger.gateways import LegLine
from ledger.models import Account

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 23)

Result = TypeVar("Result")


def act(step: Callable[..., Result], *, now: datetime = NOW, **arguments: Any) -> Result:
    """Run a step as a whole act of its own."""
    with transaction.atomic():
        return step(now=now, **arguments)


def company(code: str = "12345675", name: str = "Formosa Trading") -> Company:
    """Register a company at the one branch of the tests."""
    branch = Unit.objects.filter(code="0011").first() or act(
        identity.open_unit, code="0011", name="Xinyi", kind=Unit.Kind.BRANCH, parent=None
    )
    return act(identity.register_company, code=code, name=name, branch=branch, actor="system")


def person(home: Company | Unit, login_name: str = "lin.meihua1") -> Any:
    """Add a person to a company or a unit."""
    return act(
        identity.add_person,
        home=home,
        login_name=login_name,
        display_name=login_name.title(),
        language="en",
        password="Unused-2026",
        contacts={},
        actor="system",
    )


def account(
    owner: Company, balance: int | str = 0, *, number: str = "", currency: str = "TWD"
) -> int:
    """Open a customer's account with money on it; return its id."""
    number = number or f"{Account.objects.count() + 1_000_000:012d}"
    return operations.open_account(
        number=number,
        company_id=owner.pk,
        currency=currency,
        name="Operating",
        opening_balance=Decimal(balance),
        actor="system",
        now=NOW,
    )


def twd(amount: int | str) -> Money:
    """Return an amount of New Taiwan dollars."""
    return Money(Decimal(amount), "TWD")


def legs(source: int, target: int, amount: int | str, currency: str = "TWD") -> list[LegLine]:
    """Return the two legs of a transfer."""
    value = Decimal(amount)
    return [LegLine(source, -value, currency), LegLine(target, value, currency)]


def transfer(
    reference: str,
    source: int,
    target: int,
    amount: int | str,
    *,
    currency: str = "TWD",
    hold_key: str | None = None,
    now: datetime = NOW,
) -> int:
    """Post a transfer as a whole act of its own; return the posting's id."""
    return act(
        operations.post,
        reference=reference,
        kind="TRANSFER",
        value_date=TODAY,
        narrative="Invoice 42",
        legs=legs(source, target, amount, currency),
        hold_key=hold_key,
        now=now,
    )


def stored(account_id: int) -> tuple[Decimal, Decimal]:
    """Return an account's stored balance and held amount."""
    row = Account.objects.get(pk=account_id)
    return row.balance, row.held
