"""Lock one account and write down what was done to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from audit import operations as audit
from kernel.machines import sources
from ledger.errors import UnknownAccount, WrongAccountState
from ledger.models import Account
from ledger.policies import AccountKind
from ledger.states import ACCOUNT_VERBS


def lock_row(account_id: int) -> Account:
    """Lock a customer's account and return it with its company. Raises UnknownAccount."""
    audit.require_transaction()
    rows = Account.objects.select_for_update(of=("self",), no_key=True).select_related("company")
    account = rows.filter(pk=account_id, kind=AccountKind.CUSTOMER).first()
    if account is None:
        raise UnknownAccount
    return account


def lock_for(account_id: int, verb: str) -> Account:
    """Lock an account whose state allows a verb. Raises UnknownAccount, WrongAccountState."""
    account = lock_row(account_id)
    if account.state not in sources(ACCOUNT_VERBS, verb):
        raise WrongAccountState(number=account.number, state=account.state)
    return account


def record(
    account: Account,
    verb: str,
    actor: str,
    now: datetime,
    *,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
    reason: str = "",
) -> None:
    """Append an act on an account to its owner's audit chain (AUD-1)."""
    audit.record(
        chain=f"company:{account.company.code}" if account.company else "bank",
        event=f"ledger.account.{verb}",
        actor=actor,
        target=f"account:{account.number}",
        now=now,
        before=before,
        after={"state": str(account.state)} if after is None else after,
        reason=reason,
    )
