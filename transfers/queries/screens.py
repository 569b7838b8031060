"""What the pages of transfers and accounts show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from approvals.queries import words
from approvals.queries.cases import visible_to
from approvals.states import RequestState
from identity.models import User
from kernel.clock import business_date
from kernel.money import Money
from ledger import queries as ledger
from ledger.gateways import AccountFacts
from ledger.states import AccountState
from transfers.formats import BalanceOn, Chart, balance_chart
from transfers.models import PaymentOrder
from transfers.policies import KIND, grouped_account
from transfers.queries.limits import limit_lines

PAGE = 25
CHART_DAYS = 60
OPENING = "OPENING"
ACCOUNT_STATES = {
    AccountState.OPEN: "good",
    AccountState.FROZEN: "warn",
    AccountState.CLOSED: "bad",
}


@dataclass(frozen=True, slots=True)
class OrderRow:
    """Show one transfer in a list."""

    reference: str
    payee_name: str
    payee_account: str
    from_account: str
    amount: Money
    value_date: date
    state_label: str
    tone: str
    made_by: str
    made_at: datetime
    cursor: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """Show one account in a list; amounts in its own currency."""

    number: str
    shown_number: str
    name: str
    state_label: str
    tone: str
    balance: Money
    available: Money
    held: Money


@dataclass(frozen=True, slots=True)
class CurrencyGroup:
    """Gather the accounts of one currency with their totals."""

    currency: str
    total: Money
    available: Money
    accounts: list[AccountRow]


@dataclass(frozen=True, slots=True)
class MovementRow:
    """Show one movement; the amount carries no sign, the direction says `in` or `out`."""

    at: datetime
    value_date: date
    narrative: str
    counterparty: str
    reference: str
    amount: Money
    direction: str
    balance_after: Money | None
    url: str = ""


@dataclass(frozen=True, slots=True)
class LimitRow:
    """Show one limit beside an amount."""

    label: str
    limit: Money
    used: Money
    left: Money
    percent: int
    tone: str


def orders(
    actor: User, *, text: str = "", cursor: str = "", limit: int = PAGE, now: datetime
) -> tuple[list[OrderRow], str]:
    """Return a page of the transfers a person may see, newest first, and the next cursor.

    Two statements, whatever the number of rows.
    """
    requests = visible_to(actor, now=now).filter(kind=KIND)
    requests = requests.exclude(state=RequestState.DELETED)
    if text:
        requests = requests.filter(Q(reference__icontains=text) | Q(title__icontains=text))
    if cursor.isascii() and cursor.isdigit():
        requests = requests.filter(pk__lt=int(cursor))
    found = list(requests.select_related("maker").order_by("-pk")[: limit + 1])
    shown = found[:limit]
    details = PaymentOrder.objects.select_related("from_account").in_bulk(
        [request.subject_id for request in shown]
    )
    rows = []
    for request in shown:
        order = details[request.subject_id]
        label, tone = words.STATES[RequestState(request.state)]
        rows.append(
            OrderRow(
                reference=request.reference,
                payee_name=order.payee_name,
                payee_account=grouped_account(order.payee_account),
                from_account=grouped_account(order.from_account.number),
                amount=Money(order.amount, order.currency).quantised(),
                value_date=order.value_date,
                state_label=str(label),
                tone=tone,
                made_by=request.maker.display_name,
                made_at=request.created_at,
                cursor=str(request.pk),
            )
        )
    return rows, rows[-1].cursor if len(found) > limit else ""


def accounts_by_currency(actor: User, *, now: datetime) -> list[CurrencyGroup]:
    """Return the accounts a person may inquire, grouped by currency, never summed over two."""
    groups: dict[str, list[AccountFacts]] = {}
    for account in ledger.visible_accounts(actor.pk, now=now):
        groups.setdefault(account.currency, []).append(account)
    return [
        CurrencyGroup(
            currency=currency,
            total=_sum(currency, (account.balance for account in found)),
            available=_sum(currency, (account.available for account in found)),
            accounts=[account_row(account) for account in found],
        )
        for currency, found in sorted(groups.items(), key=lambda item: (item[0] != "TWD", item[0]))
    ]


def account_row(account: AccountFacts) -> AccountRow:
    """Return an account as lists show it."""
    labels = {
        AccountState.OPEN: _("Open"),
        AccountState.FROZEN: _("Frozen"),
        AccountState.CLOSED: _("Closed"),
    }
    state = AccountState(account.state)
    return AccountRow(
        number=account.number,
        shown_number=grouped_account(account.number),
        name=account.name,
        state_label=labels[state],
        tone=ACCOUNT_STATES[state],
        balance=Money(account.balance, account.currency),
        available=Money(account.available, account.currency),
        held=Money(account.held, account.currency),
    )


def movement_row(movement: ledger.Movement) -> MovementRow:
    """Return a movement as the account's page shows it."""
    amount = Money(abs(movement.amount), movement.currency)
    opening = movement.kind == OPENING
    after = movement.balance_after
    return MovementRow(
        at=movement.at,
        value_date=movement.value_date,
        narrative=_("Opening balance") if opening else movement.narrative,
        counterparty=movement.counterparty_name or _("The bank"),
        reference=movement.reference,
        amount=amount,
        direction="in" if movement.amount > 0 else "out",
        balance_after=None if after is None else Money(after, movement.currency),
    )


def account_chart(account: AccountFacts, *, now: datetime) -> Chart:
    """Return the chart of an account's closing balances of the last sixty days."""
    history = ledger.balance_history(account.id, CHART_DAYS, now=now)
    balances = [BalanceOn(day.date, Money(day.balance, account.currency)) for day in history]
    values = {
        "first": balances[0].money,
        "last": balances[-1].money,
        "days": CHART_DAYS,
    }
    return balance_chart(
        key=account.number,
        title=f"{account.name} {grouped_account(account.number)}",
        summary=_("From %(first)s to %(last)s in %(days)d days.") % values,
        balances=balances,
    )


def limits_beside(company_id: int, asked: Money, *, now: datetime) -> list[LimitRow]:
    """Return the company's limits with what an amount would leave of them (LIM-3)."""
    labels = {
        "per_transaction": _("One transfer"),
        "per_day": _("Transfers of this day"),
    }
    return [
        LimitRow(
            label=labels[line.name],
            limit=line.limit,
            used=line.used,
            left=line.left,
            percent=line.percent,
            tone="bad" if line.percent >= 100 else "warn" if line.percent >= 80 else "good",
        )
        for line in limit_lines(company_id, asked, business_date(now))
    ]


def _sum(currency: str, amounts: Iterable[Decimal]) -> Money:
    return Money(sum(amounts, start=Decimal(0)), currency)
