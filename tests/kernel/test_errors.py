"""Errors carry a name for machines, a sentence for people and a kind for the edge."""

from __future__ import annotations

import pytest

from kernel.errors import Busy, Conflict, DomainError, NotAllowed, NotFound, RuleBroken


@pytest.mark.parametrize(
    ("kind", "status"),
    [(NotFound, 404), (NotAllowed, 403), (RuleBroken, 422), (Conflict, 409), (Busy, 503)],
)
def test_every_kind_has_its_status(kind: type[DomainError], status: int) -> None:
    assert kind("some.code", "text").status == status


def test_the_sentence_is_filled_with_its_facts() -> None:
    error = RuleBroken("limits.per_day", "%(left)s is left", field="amount", left="TWD 5")
    assert str(error) == "TWD 5 is left"
    assert (error.code, error.field) == ("limits.per_day", "amount")


def test_a_percent_sign_without_facts_is_left_alone() -> None:
    assert str(RuleBroken("some.code", "100% sure")) == "100% sure"
