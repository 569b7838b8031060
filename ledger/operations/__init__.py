"""Open accounts, hold and move money. The only writer of the ledger's rows.

Locks are taken on accounts in order of their id; every writer of a hold locks its account first.
A step that refuses has changed nothing, so the caller may go on in the same transaction.
"""

from __future__ import annotations

from ledger import queries
from ledger.operations.accounts import (
    close_account,
    close_account_step,
    freeze_account,
    freeze_account_step,
    open_account,
    open_account_step,
    own_account,
    unfreeze_account,
    unfreeze_account_step,
)
from ledger.operations.postings import lock_accounts, place_hold, post, release_hold, reverse
from ledger.operations.rights import grant_right, withdraw_right

__all__ = [
    "EmbeddedLedger",
    "close_account",
    "close_account_step",
    "freeze_account",
    "freeze_account_step",
    "grant_right",
    "lock_accounts",
    "open_account",
    "open_account_step",
    "own_account",
    "place_hold",
    "post",
    "release_hold",
    "reverse",
    "unfreeze_account",
    "unfreeze_account_step",
    "withdraw_right",
]


class EmbeddedLedger:
    """Serve the port of the core host from this database (TRF-3)."""

    account = staticmethod(queries.account_by_number)
    place_hold = staticmethod(place_hold)
    release_hold = staticmethod(release_hold)
    post = staticmethod(post)
    reverse = staticmethod(reverse)
