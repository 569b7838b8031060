"""What the pages of fees show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from approvals.queries.proposals import open_requests_on
from branch_ops.errors import FeeUnknown
from branch_ops.models import FeeAccount, FeeItem
from branch_ops.queries.fees import visible_fees
from branch_ops.render import word
from branch_ops.render.stock import FEE_STATE_TONES
from branch_ops.states import FeeState
from certificates.models import Certificate
from identity.models import User
from kernel.money import Money
from ledger.gateways import AccountFacts
from ledger.queries import accounts_by_id

PAGE = 25
CERTIFICATE = "certificate:"


@dataclass(frozen=True, slots=True)
class FeeRow:
    """Show one fee in a list; `holder_name` is whose certificate it is for, where it is for one."""

    id: int
    company_code: str
    company_name: str
    label: str
    holder_name: str
    money: Money
    state_label: str
    tone: str
    charged_at: datetime
    settled_at: datetime | None
    pending: str


@dataclass(frozen=True, slots=True)
class FeePage:
    """Carry a page of fees and where the next one begins (empty text at the end)."""

    rows: list[FeeRow]
    cursor: str


@dataclass(frozen=True, slots=True)
class FeeDetail:
    """Show one fee whole; `account` is where it would be debited, None where none is designated."""

    row: FeeRow
    branch_id: int
    tariff: str
    target: str
    certificate_id: int
    state: str
    paid_from: str
    receipt_number: str
    posting_reference: str
    waiver_reference: str
    refund_reference: str
    refunded_at: datetime | None
    account: AccountFacts | None


def fee_key(fee_id: int) -> str:
    """Return how an open request names a fee (DUAL-5)."""
    return f"fee:{fee_id}"


def find_fees(actor: User, *, text: str, state: str, cursor: str, limit: int = PAGE) -> FeePage:
    """Return a page of fees the actor may see, newest first; three statements at most."""
    rows = _loaded(visible_fees(actor)).filter(_asked(text, state))
    if cursor.isascii() and cursor.isdigit() and len(cursor) < 18:
        rows = rows.filter(pk__lt=int(cursor))
    found = list(rows.order_by("-pk")[: limit + 1])
    shown = found[:limit]
    return FeePage(_rows(shown), str(shown[-1].pk) if len(found) > limit else "")


def fee_detail(actor: User, fee_id: int) -> FeeDetail:
    """Return one fee the actor may see. Raises FeeUnknown."""
    item = _loaded(visible_fees(actor)).filter(pk=fee_id).first()
    if item is None:
        raise FeeUnknown
    return _detail(item)


def fee_now(fee_id: int) -> FeeDetail:
    """Return one fee whoever sees it, as a kind of request looks at it. Raises FeeUnknown."""
    item = _loaded(FeeItem.objects.all()).filter(pk=fee_id).first()
    if item is None:
        raise FeeUnknown
    return _detail(item)


def fee_account_of(company_id: int) -> AccountFacts | None:
    """Return the account a company pays its fees from, or None."""
    row = FeeAccount.objects.filter(company_id=company_id).first()
    return accounts_by_id([row.account_id]).get(row.account_id) if row is not None else None


def _loaded(rows: QuerySet[FeeItem]) -> QuerySet[FeeItem]:
    return rows.select_related("company", "tariff")


def _asked(text: str, state: str) -> Q:
    asked = Q()
    if text:
        asked &= (
            Q(company__code__startswith=text)
            | Q(company__name__icontains=text)
            | Q(receipt_number__iexact=text)
            | Q(target=text)
        )
    if state in list(FeeState):
        asked &= Q(state=state)
    return asked


def _rows(items: Iterable[FeeItem]) -> list[FeeRow]:
    listed = list(items)
    pending = open_requests_on([fee_key(item.pk) for item in listed]) if listed else {}
    holders = _holders(listed)
    return [
        FeeRow(
            id=item.pk,
            company_code=item.company.code,
            company_name=item.company.name,
            label=word(item.tariff.code),
            holder_name=holders.get(_certificate_id(item), ""),
            money=Money(item.amount, item.currency),
            state_label=word(item.state),
            tone=FEE_STATE_TONES[item.state],
            charged_at=item.charged_at,
            settled_at=item.settled_at,
            pending=pending.get(fee_key(item.pk), ""),
        )
        for item in listed
    ]


def _holders(items: Iterable[FeeItem]) -> dict[int, str]:
    """Return the holders' names of the certificates these fees are for, by certificate."""
    wanted = {_certificate_id(item) for item in items} - {0}
    if not wanted:
        return {}
    rows = Certificate.objects.filter(pk__in=wanted)
    return dict(rows.values_list("pk", "holder__display_name"))


def _certificate_id(item: FeeItem) -> int:
    number = item.target.removeprefix(CERTIFICATE)
    return int(number) if number != item.target and number.isdigit() else 0


def _detail(item: FeeItem) -> FeeDetail:
    return FeeDetail(
        row=_rows([item])[0],
        branch_id=item.company.branch_id,
        tariff=item.tariff.code,
        target=item.target,
        certificate_id=_certificate_id(item),
        state=item.state,
        paid_from=word(item.paid_from) if item.paid_from else "",
        receipt_number=item.receipt_number,
        posting_reference=item.posting_reference or "",
        waiver_reference=item.waiver_reference,
        refund_reference=item.refund_reference,
        refunded_at=item.refunded_at,
        account=fee_account_of(item.company_id),
    )
