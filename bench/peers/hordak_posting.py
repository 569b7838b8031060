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
        self.number, self.posted = number, 0
        self.source, self.target = Account(), Account()

    def found(self, count: int) -> None:
        """Open two accounts for each of `count` processes, one by one, as its tree needs it."""
        for code in (f"{number}{place}" for number in range(count) for place in "12"):
            Account.objects.create(name=code, code=code, type=AccountType.asset, currencies=["EUR"])

    def enter(self) -> None:
        """Take this process's own two accounts, and post once without being measured."""
        own = [Account.objects.get(code=f"{self.number}{place}") for place in "12"]
        self.source, self.target = own
        self.post(1)

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
        right = (sums["credit"], sums["debit"]) == (expected, expected)
        return [] if right else [f"{connection.alias}: {sums} where {expected} was posted"]
