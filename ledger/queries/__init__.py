"""What is so with accounts, movements and rights, and do the books hold?"""

from __future__ import annotations

from ledger.gateways import AccountFacts
from ledger.queries.accounts import (
    RightFacts,
    account_by_number,
    account_for,
    account_ids,
    accounts_by_id,
    company_accounts,
    facts,
    own_account,
    rights_of,
    rights_on,
    rows_visible_to,
    visible_accounts,
)
from ledger.queries.books import Finding, totals, verify
from ledger.queries.movements import DayBalance, Movement, balance_history, movements, posting_id

__all__ = [
    "AccountFacts",
    "DayBalance",
    "Finding",
    "Movement",
    "RightFacts",
    "account_by_number",
    "account_for",
    "account_ids",
    "accounts_by_id",
    "balance_history",
    "company_accounts",
    "facts",
    "movements",
    "own_account",
    "posting_id",
    "rights_of",
    "rights_on",
    "rows_visible_to",
    "totals",
    "verify",
    "visible_accounts",
]
