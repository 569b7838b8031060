"""Short words for acts on accounts that many stories begin with."""

from __future__ import annotations

from ledger import operations
from ledger.policies import OwnPurpose
from tests.factories import ledger as make


def hold(account_id: int, amount: int, key: str = "R1-1") -> None:
    make.act(operations.place_hold, account_id=account_id, money=make.twd(amount), key=key)


def freeze(account_id: int) -> None:
    operations.freeze_account(
        account_id=account_id, actor="system", reason="court order", now=make.NOW
    )


def close(account_id: int) -> None:
    operations.close_account(account_id=account_id, actor="system", reason="asked", now=make.NOW)


def own(purpose: OwnPurpose, currency: str = "TWD") -> int:
    return make.act(operations.own_account, purpose=purpose, currency=currency)
