"""Which limit binds, on which day a transfer can be executed, whose name it is."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from transfers.policies import (
    Caps,
    DayUse,
    binding_limit,
    executable_on,
    grouped_account,
    left_today,
    lowest,
    masked_account,
    same_name,
)

CAPS = Caps(per_transaction=Decimal(1_000), per_day=Decimal(3_000))
AMOUNTS = st.integers(0, 5_000).map(Decimal)


@pytest.mark.req("LIM-1", "LIM-2")
@pytest.mark.parametrize(
    ("amount", "reserved", "used", "binds"),
    [
        (1_000, 0, 0, ""),
        (1_001, 0, 0, "per_transaction"),
        (1_000, 2_000, 0, ""),
        (1_000, 1_000, 1_000, ""),
        (1_000, 1_000, 1_001, "per_day"),
        (1, 3_000, 0, "per_day"),
        (1, 0, 3_000, "per_day"),
        (1_001, 3_000, 0, "per_transaction"),
    ],
)
def test_the_limit_that_binds_is_named(amount: int, reserved: int, used: int, binds: str) -> None:
    assert binding_limit(Decimal(amount), CAPS, DayUse(Decimal(reserved), Decimal(used))) == binds


@pytest.mark.req("LIM-1")
def test_without_a_limit_nothing_passes() -> None:
    assert binding_limit(Decimal(1), None, DayUse(Decimal(0), Decimal(0))) == "none"
    assert lowest([]) is None


@pytest.mark.req("LIM-4")
def test_of_several_limits_the_lower_of_each_binds() -> None:
    found = lowest([Caps(Decimal(5), Decimal(100)), Caps(Decimal(9), Decimal(50))])
    assert found == Caps(Decimal(5), Decimal(50))


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_what_is_left_is_exactly_what_may_still_be_asked(
    amount: Decimal, reserved: Decimal, used: Decimal
) -> None:
    use = DayUse(reserved, used)
    left = left_today(CAPS, use)
    assert left >= 0
    if 0 < amount <= CAPS.per_transaction:
        assert (binding_limit(amount, CAPS, use) == "") is (amount <= left)


@pytest.mark.parametrize("days", [-365, -1, 0, 1, 30])
def test_a_transfer_is_executed_on_its_day_only(days: int) -> None:
    today = date(2026, 11, 22)
    assert executable_on(today + timedelta(days), today) is (days == 0)


@pytest.mark.req("TRF-4")
@pytest.mark.parametrize(
    ("typed", "owner", "same"),
    [
        ("新竹半導體材料有限公司", "新竹半導體材料有限公司", True),
        (" 新竹半導體材料 有限公司 ", "新竹半導體材料有限公司", True),
        ("\uff21\uff22\uff23 Co.", "abc co.", True),
        ("新竹半導體材料", "新竹半導體材料有限公司", False),
        ("", "新竹半導體材料有限公司", False),
        # A Cyrillic letter that only looks like the Latin one is another letter.
        ("\u0410BC Co.", "ABC Co.", False),
    ],
)
def test_a_name_is_the_same_however_wide_or_spaced(typed: str, owner: str, same: bool) -> None:
    assert same_name(typed, owner) is same


def test_account_numbers_are_masked_for_messages_and_grouped_for_reading() -> None:
    assert masked_account("200000000012") == "********0012"
    assert grouped_account("200000000012") == "2000 0000 0012"
