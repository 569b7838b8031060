"""An amount means exactly what was typed, and currencies never mix."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from kernel.errors import RuleBroken
from kernel.money import DECIMALS, MOST, Money, parse_money


@pytest.mark.parametrize(
    ("typed", "currency", "meant"),
    [
        ("1234567", "TWD", "1234567"),
        ("1,234,567", "TWD", "1234567"),
        ("1", "TWD", "1"),
        ("999", "TWD", "999"),
        ("1,000", "TWD", "1000"),
        ("  1,000  ", "TWD", "1000"),
        ("007", "TWD", "7"),
        ("5.0", "TWD", "5"),
        ("1,234.50", "USD", "1234.50"),
        ("0.01", "USD", "0.01"),
        ("12.5", "USD", "12.50"),
        ("12.500", "USD", "12.50"),
        ("500", "JPY", "500"),
        ("999999999999999", "TWD", "999999999999999"),
    ],
)
def test_an_amount_is_read_as_it_is_meant(typed: str, currency: str, meant: str) -> None:
    money = parse_money(typed, currency)
    assert money == Money(Decimal(meant), currency)
    assert money.text == meant


@pytest.mark.parametrize(
    ("typed", "currency", "code"),
    [
        ("", "TWD", "money.unreadable"),
        (" ", "TWD", "money.unreadable"),
        ("-1", "TWD", "money.unreadable"),
        ("+5", "TWD", "money.unreadable"),
        ("1e9", "TWD", "money.unreadable"),
        ("０", "TWD", "money.unreadable"),
        ("\uff11\uff12\uff13", "TWD", "money.unreadable"),
        ("٣", "TWD", "money.unreadable"),
        ("12,34", "TWD", "money.unreadable"),
        ("1,2345", "TWD", "money.unreadable"),
        ("1234,567", "TWD", "money.unreadable"),
        (",123", "TWD", "money.unreadable"),
        ("1,,000", "TWD", "money.unreadable"),
        ("1 000", "TWD", "money.unreadable"),
        ("1.000,50", "EUR", "money.unreadable"),
        ("5.", "USD", "money.unreadable"),
        (".5", "USD", "money.unreadable"),
        ("1.2.3", "USD", "money.unreadable"),
        ("0x10", "TWD", "money.unreadable"),
        ("NaN", "TWD", "money.unreadable"),
        ("Infinity", "TWD", "money.unreadable"),
        ("NT$100", "TWD", "money.unreadable"),
        ("1_000", "TWD", "money.unreadable"),
        ("5\n", "TWD", "money.unreadable"),
        ("<b>1</b>", "TWD", "money.unreadable"),
        ("0", "TWD", "money.not_positive"),
        ("0.00", "USD", "money.not_positive"),
        ("100000000000000000000", "TWD", "money.too_large"),
        ("1000000000000000", "TWD", "money.too_large"),
        ("9" * 5_000, "TWD", "money.too_large"),
        ("1.50", "TWD", "money.decimals"),
        ("1,234.5", "TWD", "money.decimals"),
        ("1.5", "JPY", "money.decimals"),
        ("1.005", "USD", "money.decimals"),
        ("1." + "0" * 40 + "1", "USD", "money.decimals"),
    ],
)
def test_what_could_mean_something_else_is_refused(typed: str, currency: str, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_money(typed, currency)
    assert refused.value.code == code
    assert refused.value.field == "amount"


def test_a_currency_the_bank_does_not_offer_is_refused_beside_its_field() -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_money("1", "XXX")
    assert (refused.value.code, refused.value.field) == ("money.currency", "currency")


def test_the_message_names_the_decimals() -> None:
    with pytest.raises(RuleBroken, match="at most 2 decimals"):
        parse_money("1.234", "USD")


@given(st.sampled_from(sorted(DECIMALS)), st.integers(1, int(MOST) - 1))
def test_what_is_written_is_read_back(currency: str, units: int) -> None:
    money = Money(Decimal(units).scaleb(-DECIMALS[currency]), currency)
    assert parse_money(money.text, currency) == money
    assert parse_money(f"{money.quantised().amount:,f}", currency) == money


@given(st.text(max_size=12))
def test_any_text_is_either_read_exactly_or_refused(typed: str) -> None:
    try:
        money = parse_money(typed, "USD")
    except RuleBroken:
        return
    assert money.amount == Decimal(typed.strip(" ").replace(",", ""))


def test_a_float_is_no_amount() -> None:
    with pytest.raises(TypeError):
        Money(1.5, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize("operator", ["__add__", "__sub__", "__lt__", "__le__"])
def test_two_currencies_never_mix(operator: str) -> None:
    with pytest.raises(ValueError, match="do not mix"):
        getattr(Money(Decimal(1), "TWD"), operator)(Money(Decimal(1), "USD"))


def test_amounts_of_one_currency_add_and_compare() -> None:
    one, two = Money(Decimal("1.10"), "USD"), Money(Decimal("2.20"), "USD")
    assert one + two == Money(Decimal("3.30"), "USD")
    assert two - one == one
    assert -one == Money(Decimal("-1.10"), "USD")
    assert one < two
    assert one <= one
    assert not two <= one


def test_an_amount_is_never_rounded_silently() -> None:
    with pytest.raises(ValueError, match="more decimals"):
        Money(Decimal("1.5"), "TWD").quantised()


def test_an_amount_is_shown_with_separators_and_carried_without() -> None:
    stored = Money(Decimal("1234567.0000"), "TWD")
    assert str(stored) == "TWD 1,234,567"
    assert stored.text == "1234567"
