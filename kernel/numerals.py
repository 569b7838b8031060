"""Amounts in Chinese capital numerals (國字大寫), as cheques and decision pages write them."""

from __future__ import annotations

from decimal import Decimal

from kernel.money import Money

DIGITS = "零壹貳參肆伍陸柒捌玖"
PLACES = ("", "拾", "佰", "仟")
GROUPS = ("", "萬", "億", "兆")
NAMES = {
    "TWD": "新臺幣", "JPY": "日圓", "USD": "美元", "EUR": "歐元",
    "CNY": "人民幣", "HKD": "港幣", "GBP": "英鎊", "AUD": "澳幣",
}  # fmt: skip


def _group(value: int) -> str:
    """Return 1 to 9999 in capital numerals, with one 零 for each inner run of zeros."""
    text, gap = "", False
    for place in (3, 2, 1, 0):
        digit = value // 10**place % 10
        if digit:
            text += ("零" if gap and text else "") + DIGITS[digit] + PLACES[place]
        gap = digit == 0
    return text


def _whole(value: int) -> str:
    text, gap = "", False
    for index in (3, 2, 1, 0):
        part = value // 10_000**index % 10_000
        if part:
            bridge = "零" if text and (gap or part < 1000) else ""
            text += bridge + _group(part) + GROUPS[index]
        gap = part == 0
    return text or DIGITS[0]


def capital_numerals(money: Money) -> str:
    """Return an amount in capital numerals, e.g. 新臺幣壹佰貳拾參萬肆仟伍佰陸拾柒元整.

    The amount must be positive and under 10**16. The fraction is written in 角 and 分.
    """
    whole = int(money.amount)
    cents = int((money.amount - Decimal(whole)) * 100)
    text = NAMES[money.currency] + _whole(whole) + "元"
    if not cents:
        return text + "整"
    tenths, hundredths = divmod(cents, 10)
    text += DIGITS[tenths] + "角" if tenths else "零"
    return text + (DIGITS[hundredths] + "分" if hundredths else "整")
