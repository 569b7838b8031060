"""The bank's figures of signing in and a company's own rules: values, text, and bounds.

The database holds the same bounds (AUTH-2, AUTH-10, PWD-1, SES-1, KEY-1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import time
from decimal import Decimal
from typing import Any

from identity.errors import FigureReason, FigureRefused
from identity.policies.passwords import skeleton

YES, NO = "yes", "no"
# What a second sign-in may do to the first (AUTH-3).
SECOND_SIGN_IN = ("take over", "refuse")
MOST_NOTICES, EARLIEST_NOTICE = 5, 60
WORD_SHORTEST, WORD_LONGEST, MOST_WORDS = 4, 64, 200
# The least and the most of each figure: none of them can switch a rule off. What a second figure
# narrows stands in the checks below.
BOUNDS: Mapping[str, tuple[int, int]] = {
    "pause_after": (1, 10),
    "alarm_after": (2, 100),
    "idle_minutes": (3, 30),
    "warning_seconds": (20, 900),
    "absolute_hours": (1, 12),
    "address_limit": (5, 5000),
    "account_limit": (5, 200),
    "limit_minutes": (1, 60),
    "code_tries": (1, 5),
    "code_minutes": (1, 10),
    "activation_hours": (1, 72),
    "keypad_seconds": (30, 600),
    "keypad_sign_milliseconds": (40, 500),
    "shortest": (6, 32),
    "shortest_staff": (6, 32),
    "run_length": (3, 5),
    "remembered": (3, 24),
    "days_valid": (90, 180),
}


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """Carry every figure of signing in and of passwords, and the bank's own forbidden words."""

    pause_after: int
    alarm_after: int
    second_sign_in: str
    idle_minutes: int
    warning_seconds: int
    absolute_hours: int
    address_limit: int
    account_limit: int
    limit_minutes: int
    code_tries: int
    code_minutes: int
    activation_hours: int
    keypad_offered: bool
    keypad_seconds: int
    keypad_sign_milliseconds: int
    number_offered: bool
    shortest: int
    shortest_staff: int
    run_length: int
    remembered: int
    days_valid: int
    notice_days: tuple[int, ...]
    common_words: tuple[str, ...]

    def as_text(self, prefix: str = "") -> dict[str, str]:
        """Return the figures as the text values of a request."""
        return {prefix + one.name: _text(getattr(self, one.name)) for one in fields(self)}


def read_figures(content: Mapping[str, str], prefix: str = "") -> PolicyFigures:
    """Return the figures that a request's content carries."""
    read: dict[str, Any] = {name: int(content[prefix + name]) for name in BOUNDS}
    days, words = content[prefix + "notice_days"], content[prefix + "common_words"]
    return PolicyFigures(
        **read,
        second_sign_in=content[prefix + "second_sign_in"],
        keypad_offered=content[prefix + "keypad_offered"] == YES,
        number_offered=content[prefix + "number_offered"] == YES,
        notice_days=tuple(int(part) for part in days.split()),
        common_words=tuple(words.split()),
    )


def check_figures(figures: PolicyFigures) -> None:
    """Insist on figures within the bank's bounds. Raises FigureRefused beside the field."""
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(figures, name) <= most:
            raise FigureRefused(FigureReason.BOUNDS, field=name, least=least, most=most)
    if figures.second_sign_in not in SECOND_SIGN_IN:
        raise FigureRefused(FigureReason.CHOICE, field="second_sign_in")
    if figures.alarm_after <= figures.pause_after:
        raise FigureRefused(FigureReason.ALARM, field="alarm_after")
    half = figures.idle_minutes * 30
    if figures.warning_seconds > half:
        raise FigureRefused(FigureReason.WARNING, field="warning_seconds", most=half)
    if figures.shortest_staff < figures.shortest:
        raise FigureRefused(FigureReason.STAFF, field="shortest_staff")
    _check_notices(figures.notice_days)
    _check_words(figures.common_words)


def read_words(typed: str) -> tuple[str, ...]:
    """Return the words somebody typed, each once and as it is compared, in order."""
    return tuple(sorted(set(skeleton(typed).split())))


@dataclass(frozen=True, slots=True)
class CompanyRules:
    """Carry what a company asks of its own people beyond the bank's rules (AUTH-5 to AUTH-7).

    `code_from` is in TWD; None is never. The usual hours are those of Asia/Taipei; None is any.
    """

    submit_with_card: bool = False
    code_from: Decimal | None = None
    usual_from: time | None = None
    usual_until: time | None = None

    def as_text(self, prefix: str = "") -> dict[str, str]:
        """Return the rules as the text values of a request; empty is none."""
        amount = "" if self.code_from is None else f"{self.code_from.quantize(Decimal(1)):f}"
        values = {
            "submit_with_card": YES if self.submit_with_card else NO,
            "code_from": amount,
            "usual_from": self.usual_from.isoformat("minutes") if self.usual_from else "",
            "usual_until": self.usual_until.isoformat("minutes") if self.usual_until else "",
        }
        return {prefix + name: value for name, value in values.items()}


def read_company_rules(content: Mapping[str, str], prefix: str = "") -> CompanyRules:
    """Return the company's rules that a request's content carries."""
    amount = content[prefix + "code_from"]
    first, last = content[prefix + "usual_from"], content[prefix + "usual_until"]
    return CompanyRules(
        submit_with_card=content[prefix + "submit_with_card"] == YES,
        code_from=Decimal(amount) if amount else None,
        usual_from=time.fromisoformat(first) if first else None,
        usual_until=time.fromisoformat(last) if last else None,
    )


def check_company_rules(rules: CompanyRules) -> None:
    """Insist on rules that make sense. Raises FigureRefused beside the field."""
    if (rules.usual_from is None) != (rules.usual_until is None):
        missing = "usual_from" if rules.usual_from is None else "usual_until"
        raise FigureRefused(FigureReason.BOTH_HOURS, field=missing)
    if rules.usual_from and rules.usual_until and rules.usual_from >= rules.usual_until:
        raise FigureRefused(FigureReason.HOURS, field="usual_until")
    if rules.code_from is not None and rules.code_from < 0:
        raise FigureRefused(FigureReason.AMOUNT, field="code_from")


def _check_notices(days: Sequence[int]) -> None:
    fits = all(1 <= one <= EARLIEST_NOTICE for one in days) and len(set(days)) == len(days)
    if not (fits and 1 <= len(days) <= MOST_NOTICES):
        raise FigureRefused(
            FigureReason.NOTICES, field="notice_days", most=EARLIEST_NOTICE, count=MOST_NOTICES
        )


def _check_words(words: Sequence[str]) -> None:
    fits = all(WORD_SHORTEST <= len(word) <= WORD_LONGEST for word in words)
    if not (fits and len(words) <= MOST_WORDS):
        raise FigureRefused(
            FigureReason.WORDS, field="common_words", least=WORD_SHORTEST, most=WORD_LONGEST,
            count=MOST_WORDS,
        )  # fmt: skip


def _text(value: object) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    if isinstance(value, tuple):
        return " ".join(str(part) for part in value)
    return str(value)
