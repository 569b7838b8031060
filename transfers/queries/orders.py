"""What does a transfer say, and which transfers may a person see?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from kernel.money import Money
from ledger import queries as ledger
from ledger.gateways import AccountFacts
from ledger.policies import AccountFunction
from transfers.errors import OrderNotFound
from transfers.models import PaymentOrder
from transfers.policies import same_name


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """Carry an order as its makers left it."""

    reference: str
    from_account: str
    payee_account: str
    payee_name: str
    money: Money
    value_date: date
    memo: str


def order_content(order: PaymentOrder) -> dict[str, str]:
    """Return an order as the text values that are frozen and signed."""
    money = Money(order.amount, order.currency)
    return {
        "from_account": order.from_account.number,
        "from_account_id": str(order.from_account_id),
        "payee_account": order.payee_account,
        "payee_name": order.payee_name,
        "amount": money.text,
        "currency": order.currency,
        "value_date": order.value_date.isoformat(),
        "memo": order.memo,
    }


def order_by_id(order_id: int) -> PaymentOrder:
    """Return an order with its account."""
    return PaymentOrder.objects.select_related("from_account").get(pk=order_id)


def order_for_edit(company_id: int, reference: str) -> OrderFacts:
    """Return an order of a company for its form. Raises OrderNotFound."""
    order = (
        PaymentOrder.objects.select_related("from_account")
        .filter(reference=reference, company_id=company_id)
        .first()
    )
    if order is None:
        raise OrderNotFound()
    return OrderFacts(
        reference=order.reference,
        from_account=order.from_account.number,
        payee_account=order.payee_account,
        payee_name=order.payee_name,
        money=Money(order.amount, order.currency).quantised(),
        value_date=order.value_date,
        memo=order.memo,
    )


def accounts_to_pay_from(user_id: int, *, now: datetime) -> list[AccountFacts]:
    """Return the accounts a maker may transfer from, by number."""
    return ledger.visible_accounts(user_id, AccountFunction.EDIT_TRANSFER, now=now)


def payee_warnings(company_id: int, content: Mapping[str, str], *, reference: str) -> set[str]:
    """Return what to notice about the payee: `first_payment`, `name_differs` (TRF-4)."""
    found = set()
    paid_before = PaymentOrder.objects.filter(
        company_id=company_id, payee_account=content["payee_account"], executed_at__isnull=False
    ).exclude(reference=reference)
    if not paid_before.exists():
        found.add("first_payment")
    target = ledger.account_by_number(content["payee_account"])
    if target is not None and not same_name(content["payee_name"], target.company_name):
        found.add("name_differs")
    return found
