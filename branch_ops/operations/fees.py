"""Charge fees, take them once, let them go or give them back (FEE-1)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import transaction

from audit import operations as audit
from branch_ops.errors import (
    AccountNotTheirs,
    FeeAccountMissing,
    FeeStateChanged,
    FeeUnknown,
    ReceiptMissing,
)
from branch_ops.models import FeeAccount, FeeItem, FeeTariff
from branch_ops.permissions import FeePermission
from branch_ops.queries.fees import tariff_in_force, visible_fees
from branch_ops.states import FEE_VERBS, FeeState, PaidFrom
from identity.formats import form_name
from identity.models import User
from identity.operations import claim_form
from identity.permissions import check
from kernel.clock import business_date
from kernel.machines import sources
from kernel.money import Money
from ledger import operations as ledger
from ledger.gateways import LegLine
from ledger.policies import OwnPurpose
from ledger.queries import accounts_by_id

POSTING_KIND = "fee"


def charge_step(
    *, company_id: int, target: str, tariff: str, actor: User | None = None, now: datetime
) -> int:
    """Charge a company the tariff in effect today and return the fee's id; a step.

    `target` names what it is for (`certificate:<id>`); None as actor is the bank itself.
    Raises TariffMissing.
    """
    audit.require_transaction()
    row = tariff_in_force(tariff, on=business_date(now))
    item = FeeItem(
        company_id=company_id, target=target, tariff=row, amount=row.amount,
        currency=row.currency, charged_at=now,
    )  # fmt: skip
    item.save(force_insert=True)
    _record(item, "charged", actor, now, after={"amount": _text(item), "tariff": tariff})
    return item.pk


@transaction.atomic(durable=True)
def collect(
    *,
    item_id: int,
    from_: str,
    receipt_number: str = "",
    actor: User,
    form_key: str,
    now: datetime,
) -> str:
    """Take a fee exactly once and return the posting's reference (FEE-1).

    `from_` is PaidFrom: the company's fee account, or the counter, which needs the number of its
    receipt. A second sending of the same form changes nothing. Raises PermissionMissing,
    FeeUnknown, FeeStateChanged, FeeAccountMissing, ReceiptMissing and what the ledger refuses
    (InsufficientFunds, AccountNotOpen, CurrencyMismatch), in which case nothing has happened.
    """
    check(actor, FeePermission.COLLECT)
    reference = f"FEE-{item_id}"
    key = form_name("fees.collect", reference, form_key)
    earlier = claim_form(actor=actor, key=key, outcome=reference, now=now)
    if earlier:
        return earlier
    item = _lock(item_id, "collect", actor)
    source = PaidFrom(from_)
    if source == PaidFrom.COUNTER and not receipt_number:
        raise ReceiptMissing
    ledger.post(
        reference=reference,
        kind=POSTING_KIND,
        value_date=business_date(now),
        narrative=item.tariff.code,
        legs=_legs(item, source, now),
        hold_key=None,
        now=now,
    )
    item.collect()
    item.settled_at, item.paid_from, item.posting_reference = now, source, reference
    item.receipt_number = receipt_number if source == PaidFrom.COUNTER else ""
    item.save()
    after = {"state": str(item.state), "amount": _text(item), "paid_from": str(source)}
    if item.receipt_number:
        after["receipt"] = item.receipt_number
    _record(item, "collected", actor, now, before={"state": str(FeeState.DUE)}, after=after)
    return reference


def waive_step(*, item_id: int, reference: str, reason: str, actor: User, now: datetime) -> None:
    """Let a fee go; what a released request does (DUAL-6). Raises FeeUnknown, FeeStateChanged."""
    audit.require_transaction()
    item = _lock(item_id, "waive")
    item.waive()
    item.settled_at, item.waiver_reference = now, reference
    item.save()
    _record(
        item, "waived", actor, now, before={"state": str(FeeState.DUE)},
        after={"state": str(item.state), "request": reference}, reason=reason,
    )  # fmt: skip


def refund_step(*, item_id: int, reference: str, reason: str, actor: User, now: datetime) -> None:
    """Give a paid fee back the way it came; what a released request does (DUAL-6).

    Raises FeeUnknown, FeeStateChanged and what the ledger refuses.
    """
    audit.require_transaction()
    item = _lock(item_id, "refund")
    assert item.posting_reference is not None  # noqa: S101 - the database holds it: paid means posted
    ledger.reverse(
        reference=f"{item.posting_reference}-REFUND",
        of_reference=item.posting_reference,
        narrative=item.tariff.code,
        value_date=business_date(now),
        now=now,
    )
    item.refund()
    item.refunded_at, item.refund_reference = now, reference
    item.save()
    _record(
        item, "refunded", actor, now, before={"state": str(FeeState.PAID)},
        after={"state": str(item.state), "request": reference}, reason=reason,
    )  # fmt: skip


def designate_fee_account_step(
    *, company_id: int, account_id: int, actor: User | None, now: datetime
) -> None:
    """Name the account a company pays its fees from; a step. Raises AccountNotTheirs."""
    audit.require_transaction()
    account = accounts_by_id([account_id]).get(account_id)
    if account is None or account.company_id != company_id:
        raise AccountNotTheirs
    row, _created = FeeAccount.objects.update_or_create(
        company_id=company_id, defaults={"account_id": account_id, "designated_at": now}
    )
    code = row.company.code
    audit.record(
        chain=f"company:{code}", event="fees.account.designated", actor=_name(actor),
        target=f"company:{code}", now=now, after={"account": account.number},
    )  # fmt: skip


def set_tariff_step(
    *, code: str, money: Money, valid_from: date, actor: User | None, now: datetime
) -> None:
    """Let a service cost this much from a date on; earlier charges keep their price; a step."""
    audit.require_transaction()
    FeeTariff.objects.create(
        code=code, amount=money.amount, currency=money.currency, valid_from=valid_from
    )
    audit.record(
        chain=audit.BANK, event="fees.tariff.set", actor=_name(actor), target=f"tariff:{code}",
        now=now, after={"amount": str(money), "valid_from": valid_from.isoformat()},
    )  # fmt: skip


def _lock(item_id: int, verb: str, actor: User | None = None) -> FeeItem:
    """Lock a fee, one the actor may see where there is one, and insist that the verb may follow."""
    rows = visible_fees(actor) if actor is not None else FeeItem.objects.all()
    rows = rows.select_related("company", "tariff").select_for_update(of=("self",), no_key=True)
    item = rows.filter(pk=item_id).first()
    if item is None:
        raise FeeUnknown
    if item.state not in sources(FEE_VERBS, verb):
        raise FeeStateChanged(str(item.state))
    return item


def _legs(item: FeeItem, source: PaidFrom, now: datetime) -> list[LegLine]:
    """Return the double entry: the fee account or the branch's cash pays the bank's fee income."""
    income = ledger.own_account(purpose=OwnPurpose.FEES, currency=item.currency, now=now)
    if source == PaidFrom.COUNTER:
        payer = ledger.own_account(purpose=OwnPurpose.CASH, currency=item.currency, now=now)
    else:
        found = FeeAccount.objects.filter(company_id=item.company_id).first()
        if found is None:
            raise FeeAccountMissing
        payer = found.account_id
    return [
        LegLine(payer, -item.amount, item.currency),
        LegLine(income, item.amount, item.currency),
    ]


def _record(
    item: FeeItem,
    done: str,
    actor: User | None,
    now: datetime,
    *,
    after: Mapping[str, object],
    before: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    audit.record(
        chain=f"company:{item.company.code}",
        event=f"fees.item.{done}",
        actor=_name(actor),
        target=f"fee:{item.pk}",
        now=now,
        before=before,
        after={"for": item.target, **after},
        reason=reason,
    )


def _text(item: FeeItem) -> str:
    return str(Money(item.amount, item.currency))


def _name(actor: User | None) -> str:
    return actor.public_id if actor is not None else "system"
