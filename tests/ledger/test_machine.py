"""Any order of acts on a few accounts keeps the books whole: a model beside the ledger."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from kernel.errors import DomainError
from ledger import operations, queries
from ledger.models import Account, Hold
from ledger.policies import OwnPurpose
from tests.factories import ledger as make

INDEX = st.integers(0, 3)
AMOUNT = st.integers(1, 120)


class Books(RuleBasedStateMachine):
    """Act on three accounts and the clearing account; foretell every outcome from plain numbers."""

    @initialize()
    def open(self) -> None:
        self.savepoint = transaction.savepoint()
        owner = make.company()
        self.clearing = make.act(
            operations.own_account, purpose=OwnPurpose.CLEARING, currency="TWD"
        )
        self.ids = [make.account(owner, 200) for _ in range(3)] + [self.clearing]
        self.balance = [200, 200, 200, 0]
        self.state = ["OPEN", "OPEN", "OPEN", "OPEN"]
        self.holds: dict[str, tuple[int, int]] = {}
        self.posted: dict[str, list[tuple[int, int]]] = {}
        self.reversed: set[str] = set()
        self.made = 0

    def held(self, index: int) -> int:
        return sum(amount for where, amount in self.holds.values() if where == index)

    def name(self, letter: str) -> str:
        self.made += 1
        return f"{letter}{self.made}"

    def agree(self, allowed: bool, act: Callable[..., object], *args: Any, **facts: Any) -> None:
        """Act, and insist that ledger and model agree on whether it may be."""
        refused = ""
        try:
            act(*args, **facts)
        except DomainError as error:
            refused = error.code
        assert allowed == (not refused), refused

    @rule(index=st.integers(0, 2), amount=AMOUNT)
    def hold(self, index: int, amount: int) -> None:
        key = self.name("R")
        free = self.balance[index] - self.held(index)
        allowed = self.state[index] == "OPEN" and amount <= free
        self.agree(
            allowed, make.act, operations.place_hold, account_id=self.ids[index],
            money=make.twd(amount), key=key,
        )  # fmt: skip
        if allowed:
            self.holds[key] = (index, amount)

    @rule(pick=st.integers(0, 50))
    def release(self, pick: int) -> None:
        key = self.pick(sorted(self.holds), pick)
        self.agree(key in self.holds, make.act, operations.release_hold, key=key)
        self.holds.pop(key, None)

    @rule(payer=INDEX, payee=INDEX, amount=AMOUNT)
    def transfer(self, payer: int, payee: int, amount: int) -> None:
        self.move(payer, payee, amount, None)

    @rule(payee=INDEX, pick=st.integers(0, 50))
    def transfer_held(self, payee: int, pick: int) -> None:
        key = self.pick(sorted(self.holds), pick)
        source, amount = self.holds.get(key, (0, 1))
        self.move(source, payee, amount, key)

    def move(self, source: int, target: int, amount: int, key: str | None) -> None:
        reference = self.name("T")
        change = [0, 0, 0, 0]
        change[source] -= amount
        change[target] += amount
        freed = self.holds.get(key or "", (source, 0))[1]
        free = self.balance[source] - self.held(source) + freed
        allowed = (
            self.state[source] == self.state[target] == "OPEN"
            and (key is None or key in self.holds)
            and (source == 3 or change[source] == 0 or free >= amount)
        )
        self.agree(
            allowed, make.transfer, reference=reference, source=self.ids[source],
            target=self.ids[target], amount=amount, hold_key=key,
        )  # fmt: skip
        if allowed:
            self.holds.pop(key or "", None)
            self.apply(change)
            self.posted[reference] = [(source, -amount), (target, amount)]

    @rule(pick=st.integers(0, 50))
    def repeat(self, pick: int) -> None:
        if self.posted:
            reference = self.pick(sorted(self.posted), pick)
            (source, _), (target, amount) = self.posted[reference]
            self.agree(
                False, make.transfer, reference=reference, source=self.ids[source],
                target=self.ids[target], amount=amount,
            )  # fmt: skip

    @rule(pick=st.integers(0, 50))
    def reverse(self, pick: int) -> None:
        of_reference = self.pick(sorted(self.posted), pick)
        legs = [(index, -amount) for index, amount in self.posted.get(of_reference, [])]
        change = [sum(amount for where, amount in legs if where == i) for i in range(4)]
        allowed = bool(legs) and of_reference not in self.reversed
        for index, amount in legs:
            back = self.state[index] == "FROZEN" and amount > 0
            short = self.balance[index] - self.held(index) + change[index] < 0
            allowed &= self.state[index] == "OPEN" or back
            allowed &= index == 3 or change[index] >= 0 or not short
        self.agree(
            allowed, make.act, operations.reverse, reference=self.name("V"),
            of_reference=of_reference, narrative="", value_date=make.TODAY,
        )  # fmt: skip
        if allowed:
            self.reversed.add(of_reference)
            self.apply(change)

    @rule(index=st.integers(0, 2))
    def freeze(self, index: int) -> None:
        self.agree(self.state[index] == "OPEN", operations.freeze_account, **self.why(index))
        self.state[index] = "FROZEN" if self.state[index] == "OPEN" else self.state[index]

    @rule(index=st.integers(0, 2))
    def unfreeze(self, index: int) -> None:
        frozen = self.state[index] == "FROZEN"
        self.agree(frozen, operations.unfreeze_account, **self.why(index))
        self.state[index] = "OPEN" if frozen else self.state[index]

    @rule(index=st.integers(0, 2))
    def close(self, index: int) -> None:
        empty = self.balance[index] == 0 and self.held(index) == 0
        allowed = self.state[index] == "OPEN" and empty
        self.agree(allowed, operations.close_account, **self.why(index))
        self.state[index] = "CLOSED" if allowed else self.state[index]

    @rule(index=st.integers(0, 2))
    def empty(self, index: int) -> None:
        free = self.balance[index] - self.held(index)
        if free:
            self.move(index, 3, free, None)

    @invariant()
    def the_ledger_agrees_with_the_model(self) -> None:
        rows = Account.objects.in_bulk(self.ids)
        found = [rows[pk] for pk in self.ids]
        assert [row.balance for row in found[:3]] == self.balance[:3]
        assert [row.held for row in found] == [self.held(index) for index in range(4)]
        assert [row.state for row in found] == self.state
        assert set(Hold.objects.filter(state="HELD").values_list("key", flat=True)) == set(
            self.holds
        )
        clearing = queries.own_account(OwnPurpose.CLEARING, "TWD")
        assert clearing is not None
        assert clearing.balance == Decimal(self.balance[3])

    @invariant()
    def the_books_hold(self) -> None:
        connection.check_constraints()
        assert list(queries.verify()) == []

    def teardown(self) -> None:
        transaction.savepoint_rollback(self.savepoint)

    def apply(self, change: list[int]) -> None:
        self.balance = [old + new for old, new in zip(self.balance, change, strict=True)]

    def why(self, index: int) -> dict[str, Any]:
        return {
            "account_id": self.ids[index], "actor": "system", "reason": "story", "now": make.NOW,
        }  # fmt: skip

    @staticmethod
    def pick(names: list[str], number: int) -> str:
        return names[number % len(names)] if names else "none"


@pytest.mark.django_db
@pytest.mark.req("TRF-3", "TRF-6", "LIM-2")
def test_any_order_of_acts_keeps_the_books_whole() -> None:
    run_state_machine_as_test(Books, settings=settings(max_examples=25, stateful_step_count=25))
