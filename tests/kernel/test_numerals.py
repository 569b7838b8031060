"""Amounts as cheques write them (國字大寫)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from kernel.money import Money
from kernel.numerals import DIGITS, capital_numerals


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("1", "TWD", "新臺幣壹元整"),
        ("10", "TWD", "新臺幣壹拾元整"),
        ("11", "TWD", "新臺幣壹拾壹元整"),
        ("100", "TWD", "新臺幣壹佰元整"),
        ("101", "TWD", "新臺幣壹佰零壹元整"),
        ("110", "TWD", "新臺幣壹佰壹拾元整"),
        ("1001", "TWD", "新臺幣壹仟零壹元整"),
        ("1010", "TWD", "新臺幣壹仟零壹拾元整"),
        ("10000", "TWD", "新臺幣壹萬元整"),
        ("10001", "TWD", "新臺幣壹萬零壹元整"),
        ("10010", "TWD", "新臺幣壹萬零壹拾元整"),
        ("11000", "TWD", "新臺幣壹萬壹仟元整"),
        ("100000", "TWD", "新臺幣壹拾萬元整"),
        ("1234567", "TWD", "新臺幣壹佰貳拾參萬肆仟伍佰陸拾柒元整"),
        ("100000000", "TWD", "新臺幣壹億元整"),
        ("100000001", "TWD", "新臺幣壹億零壹元整"),
        ("100010000", "TWD", "新臺幣壹億零壹萬元整"),
        ("100100000", "TWD", "新臺幣壹億零壹拾萬元整"),
        ("1000000000000", "TWD", "新臺幣壹兆元整"),
        ("1000000010000", "TWD", "新臺幣壹兆零壹萬元整"),
        (
            "9876543210987654",
            "TWD",
            "新臺幣玖仟捌佰柒拾陸兆伍仟肆佰參拾貳億壹仟零玖拾捌萬柒仟陸佰伍拾肆元整",
        ),
        ("1.50", "USD", "美元壹元伍角整"),
        ("1.05", "USD", "美元壹元零伍分"),
        ("1234.56", "USD", "美元壹仟貳佰參拾肆元伍角陸分"),
        ("20.00", "EUR", "歐元貳拾元整"),
        ("500", "JPY", "日圓伍佰元整"),
    ],
)
def test_an_amount_in_capital_numerals(amount: str, currency: str, written: str) -> None:
    assert capital_numerals(Money(Decimal(amount), currency)) == written


PLACES = {"拾": 10, "佰": 100, "仟": 1_000}
GROUPS = {"萬": 10**4, "億": 10**8, "兆": 10**12}


def read_back(written: str) -> int:
    """Read capital numerals as a person would, ignoring 零."""
    whole = group = digit = 0
    for sign in written:
        if sign in GROUPS:
            whole, group, digit = whole + (group + digit) * GROUPS[sign], 0, 0
        elif sign in PLACES:
            group, digit = group + digit * PLACES[sign], 0
        elif sign in DIGITS:
            digit = DIGITS.index(sign)
    return whole + group + digit


@given(st.integers(1, 10**16 - 1))
def test_every_amount_can_be_read_back(value: int) -> None:
    written = capital_numerals(Money(Decimal(value), "TWD"))
    assert read_back(written.removeprefix("新臺幣").removesuffix("元整")) == value
    assert "零零" not in written
