"""Open, freeze and close accounts."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from audit import operations as audit
from kernel.clock import business_date
from ledger.errors import AccountInUse, AmountNotPositive, NumberTaken
from ledger.gateways import LegLine
from ledger.models import Account
from ledger.operations.postings import post
from ledger.operations.rows import lock_for, record
from ledger.policies import PURPOSE_KINDS, ZERO, AccountKind, OwnPurpose, own_account_number
from ledger.states import AccountState


@transaction.atomic(durable=True)
def open_account(
    *,
    number: str,
    company_id: int | None,
    currency: str,
    name: str,
    kind: str = AccountKind.CUSTOMER,
    opening_balance: Decimal = ZERO,
    actor: str,
    now: datetime,
) -> int:
    """Open an account and deposit its opening balance; return its id.

    `number` is 12 digits; only a customer's account has a company; `opening_balance` is in units
    of `currency`. Raises NumberTaken, AmountNotPositive for a negative opening balance.
    """
    return open_account_step(
        number=number,
        company_id=company_id,
        currency=currency,
        name=name,
        kind=kind,
        opening_balance=opening_balance,
        actor=actor,
        now=now,
    )


def open_account_step(
    *,
    number: str,
    company_id: int | None,
    currency: str,
    name: str,
    kind: str = AccountKind.CUSTOMER,
    opening_balance: Decimal = ZERO,
    actor: str,
    now: datetime,
) -> int:
    """Open an account as part of a larger act; see open_account."""
    audit.require_transaction()
    if opening_balance < 0:
        raise AmountNotPositive
    if Account.objects.filter(number=number).exists():
        raise NumberTaken(number=number)
    account = Account.objects.create(
        number=number, company_id=company_id, kind=kind, currency=currency, name=name, opened_at=now
    )
    if opening_balance:
        post(
            reference=f"OPENING-{number}",
            kind="OPENING",
            value_date=business_date(now),
            narrative="",
            legs=[
                LegLine(own_account(purpose=OwnPurpose.CASH, currency=currency, now=now),
                        -opening_balance, currency),
                LegLine(account.pk, opening_balance, currency),
            ],
            hold_key=None,
            now=now,
        )  # fmt: skip
    after = {"currency": currency, "name": name, "opening_balance": str(opening_balance)}
    record(account, "opened", actor, now, after=after)
    return account.pk


def own_account(*, purpose: OwnPurpose, currency: str, now: datetime) -> int:
    """Return the id of the bank's own account for a purpose, opening it at first need; a step."""
    audit.require_transaction()
    number = own_account_number(purpose, currency)
    found = Account.objects.filter(number=number).values_list("pk", flat=True).first()
    if found is not None:
        return found
    Account.objects.bulk_create(
        [
            Account(
                number=number,
                kind=PURPOSE_KINDS[purpose],
                currency=currency,
                name=purpose.title(),
                opened_at=now,
            )
        ],
        ignore_conflicts=True,
    )
    return Account.objects.get(number=number).pk


@transaction.atomic(durable=True)
def freeze_account(*, account_id: int, actor: str, reason: str, now: datetime) -> None:
    """Let no money move on an account. Raises UnknownAccount, WrongAccountState."""
    freeze_account_step(account_id=account_id, actor=actor, reason=reason, now=now)


def freeze_account_step(*, account_id: int, actor: str, reason: str, now: datetime) -> None:
    """Freeze an account as part of a larger act; see freeze_account."""
    account = lock_for(account_id, "freeze")
    account.freeze()
    account.save(update_fields=["state"])
    record(account, "frozen", actor, now, before={"state": str(AccountState.OPEN)}, reason=reason)


@transaction.atomic(durable=True)
def unfreeze_account(*, account_id: int, actor: str, reason: str, now: datetime) -> None:
    """Let money move on a frozen account again. Raises UnknownAccount, WrongAccountState."""
    unfreeze_account_step(account_id=account_id, actor=actor, reason=reason, now=now)


def unfreeze_account_step(*, account_id: int, actor: str, reason: str, now: datetime) -> None:
    """Unfreeze an account as part of a larger act; see unfreeze_account."""
    account = lock_for(account_id, "unfreeze")
    account.unfreeze()
    account.save(update_fields=["state"])
    record(
        account, "unfrozen", actor, now, before={"state": str(AccountState.FROZEN)}, reason=reason
    )


@transaction.atomic(durable=True)
def close_account(*, account_id: int, actor: str, reason: str, now: datetime) -> None:
    """Close an empty account for good. Raises UnknownAccount, WrongAccountState, AccountInUse."""
    close_account_step(account_id=account_id, actor=actor, reason=reason, now=now)


def close_account_step(*, account_id: int, actor: str, reason: str, now: datetime) -> None:
    """Close an account as part of a larger act; see close_account."""
    account = lock_for(account_id, "close")
    if account.balance or account.held:
        raise AccountInUse(number=account.number)
    account.close()
    account.save(update_fields=["state"])
    record(account, "closed", actor, now, before={"state": str(AccountState.OPEN)}, reason=reason)
