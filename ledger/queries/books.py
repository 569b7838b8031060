"""Do the books hold?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True, slots=True)
class Finding:
    """Name one place where the books do not hold: what, which row, and the figures."""

    what: str
    where: str
    detail: str


# Each check reads where it fails and how; a whole ledger answers with no rows.
CHECKS = {
    "unbalanced posting": """
        SELECT posting.reference, leg.currency || ' ' || sum(leg.amount)
        FROM ledger_leg AS leg JOIN ledger_posting AS posting ON posting.id = leg.posting_id
        GROUP BY posting.id, leg.currency HAVING sum(leg.amount) <> 0
        ORDER BY posting.id, leg.currency""",
    "posting without legs": """
        SELECT posting.reference, '' FROM ledger_posting AS posting
        WHERE NOT EXISTS (SELECT FROM ledger_leg AS leg WHERE leg.posting_id = posting.id)
        ORDER BY posting.id""",
    "leg in another currency": """
        SELECT account.number, leg.currency || ' on ' || account.currency
        FROM ledger_leg AS leg JOIN ledger_account AS account ON account.id = leg.account_id
        WHERE leg.currency <> account.currency ORDER BY leg.id""",
    "balance is not the sum of legs": """
        SELECT account.number, account.balance || ' stored, legs ' || coalesce(sum(leg.amount), 0)
        FROM ledger_account AS account LEFT JOIN ledger_leg AS leg ON leg.account_id = account.id
        WHERE account.kind = 'CUSTOMER'
        GROUP BY account.id HAVING account.balance <> coalesce(sum(leg.amount), 0)
        ORDER BY account.number""",
    "running balance is wrong": """
        SELECT number, 'leg ' || id || ' says ' || coalesce(balance_after::text, 'nothing')
        FROM (
            SELECT account.number, leg.id, leg.balance_after,
                sum(leg.amount) OVER (PARTITION BY leg.account_id ORDER BY leg.id) AS running
            FROM ledger_leg AS leg JOIN ledger_account AS account ON account.id = leg.account_id
            WHERE account.kind = 'CUSTOMER'
        ) AS history
        WHERE balance_after IS DISTINCT FROM running ORDER BY number, id""",
    "held is not the sum of open holds": """
        SELECT account.number, account.held || ' stored, holds ' || coalesce(sum(hold.amount), 0)
        FROM ledger_account AS account
        LEFT JOIN ledger_hold AS hold ON hold.account_id = account.id AND hold.state = 'HELD'
        GROUP BY account.id HAVING account.held <> coalesce(sum(hold.amount), 0)
        ORDER BY account.number""",
    "negative": """
        SELECT number, 'balance ' || balance || ', held ' || held FROM ledger_account
        WHERE kind = 'CUSTOMER' AND (balance < 0 OR held < 0 OR balance < held)
        ORDER BY number""",
}


def verify() -> Iterator[Finding]:
    """Recompute the books from their legs and holds and yield every place that does not hold.

    Finds damage that was done past the constraints and triggers, by whoever owns the database.
    """
    with connection.cursor() as cursor:
        for what, query in CHECKS.items():
            cursor.execute(query)
            for where, detail in cursor.fetchall():
                yield Finding(what, where, detail)


def totals() -> dict[str, int]:
    """Return how many accounts, postings and open holds there are."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT (SELECT count(*) FROM ledger_account), (SELECT count(*) FROM ledger_posting),
                (SELECT count(*) FROM ledger_hold WHERE state = 'HELD')""")
        accounts, postings, holds = cursor.fetchone()
    return {"accounts": accounts, "postings": postings, "open_holds": holds}
