"""Amounts with their currency; never floats, never a sum over two currencies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from kernel.errors import RuleBroken, translatable as _

# Digits after the point in which payments are made. New Taiwan dollars are paid whole.
DECIMALS = {"TWD": 0, "JPY": 0, "USD": 2, "EUR": 2, "CNY": 2, "HKD": 2, "GBP": 2, "AUD": 2}
MOST = Decimal(10) ** 15

_PLAIN = re.compile(r"\d+(\.\d+)?")
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?")


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """Hold an exact amount of one currency (ISO 4217 code)."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal):
            raise TypeError("an amount is a Decimal")
        if self.currency not in DECIMALS:
            raise RuleBroken("money.currency", _("This currency is not offered."), field="currency")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __lt__(self, other: Money) -> bool:
        return self.amount < self._same(other).amount

    def __le__(self, other: Money) -> bool:
        return self.amount <= self._same(other).amount

    def __str__(self) -> str:
        return f"{self.currency} {self.quantised().amount:,f}"

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return other

    def quantised(self) -> Money:
        """Return the same amount written with the currency's own number of decimals.

        Raises ValueError if that would change the amount: money is never rounded silently.
        """
        exponent = Decimal(1).scaleb(-DECIMALS[self.currency])
        value = self.amount.quantize(exponent)
        if value != self.amount:
            raise ValueError("the amount has more decimals than its currency")
        return Money(value, self.currency)

    @property
    def text(self) -> str:
        """Return the amount as statements and files carry it, without separators."""
        return f"{self.quantised().amount:f}"


def parse_money(text: str, currency: str) -> Money:
    """Read an amount that a person typed, meaning exactly what it says.

    `1234567`, `1,234,567` and `1234.50` are read; a misplaced separator, a sign, an exponent,
    full-width digits, too many decimals, zero and amounts of 10**15 or more are refused with
    RuleBroken, field `amount`.
    """
    typed = text.strip(" ")
    if not (_PLAIN.fullmatch(typed) or _GROUPED.fullmatch(typed)) or not typed.isascii():
        raise RuleBroken(
            "money.unreadable",
            _("Enter the amount in digits, for example 1,234,567."),
            field="amount",
        )
    amount = Decimal(typed.replace(",", ""))
    if amount >= MOST:
        raise RuleBroken("money.too_large", _("The amount is too large."), field="amount")
    if amount <= 0:
        raise RuleBroken("money.not_positive", _("Enter an amount above zero."), field="amount")
    money = Money(amount, currency)
    if amount != amount.quantize(Decimal(1).scaleb(-DECIMALS[currency])):
        raise RuleBroken(
            "money.decimals",
            _("This currency is paid with at most %(decimals)d decimals.")
            if DECIMALS[currency]
            else _("This currency is paid in whole amounts, without decimals."),
            field="amount",
            decimals=DECIMALS[currency],
        )
    return money.quantised()
