"""django-hordak's bare posting: no approval, no signature, no limits, no messages, no audit."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum
from hordak.models import Account, AccountType, Leg
from moneyed import Money

AMOUNT = Money(Decimal(125), "EUR")


class Worker:
    """Post between two accounts of its own."""

    def __init__(self, number: int) -> None:
        self.source, self.target = (
            Account.objects.create(
                name=f"{name} {number}", type=AccountType.asset, currencies=["EUR"],
                code=f"{number}{place}",
            )
            for place, name in enumerate(("source", "target"))
        )  # fmt: skip
        self.posted = 0

    def post(self, count: int) -> dict[str, Any]:
        """Post this many transfers, one after the other."""
        started = time.process_time()
        for _ in range(count):
            self.source.transfer_to(self.target, AMOUNT)
        self.posted += count
        return {"failures": [], "cpu": time.process_time() - started}

    def findings(self) -> list[str]:
        """Return what is wrong with the books of this process's accounts."""
        legs = Leg.objects.filter(account__in=[self.source, self.target])
        sums = legs.aggregate(credit=Sum("credit"), debit=Sum("debit"))
        expected = AMOUNT.amount * self.posted
        right = self.posted == 0 or (sums["credit"], sums["debit"]) == (expected, expected)
        return [] if right else [f"{connection.alias}: {sums} where {expected} was posted"]
