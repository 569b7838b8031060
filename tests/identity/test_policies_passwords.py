# ruff: noqa: RUF001 - signs that look like others are what this table is about
"""Which passwords are refused, whatever keyboard, width, script or case they are typed in."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings, strategies as st

from identity.errors import PasswordRefused as P
from identity.formats import PasswordHasher
from identity.policies import PasswordRules, canonical_password, password_fault, skeleton

pytestmark = pytest.mark.req("PWD-1")
RULES = PasswordRules(common=frozenset({"qwerty123"}), words=frozenset({"corpbank"}))


def fault(password: str, login_name: str = "maker017", **figures: int) -> P | None:
    rules = PasswordRules(common=RULES.common, words=RULES.words, **figures)
    return password_fault(password, login_name=login_name, is_staff=False, rules=rules)


@pytest.mark.parametrize(
    "password",
    [
        "Battery9",
        "電池battery9",
        "電池電力穩定運轉9",
        "Ｂａｔｔｅｒｙ９",
        "batter9!",
        "пароль79",
        "café9résumé",
        "cafe\u03019resume\u0301",
        "🔋battery9",
        "🔋🪫🔌⚡️hat9",
        "❤️battery9",
        "battery٧٩",
        "b9" * 64,
        "qwertz1a2s3d",  # rows of the keyboard are not asked for
        "battery123x",
        "xaaab777z",
        "acegikm9",
        "710maker",
    ],
)
def test_a_password_by_the_rules_may_be_chosen(password: str) -> None:
    assert fault(password) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("Batter9", P.TOO_SHORT),
        ("Ｂａｔｔｅｒ９", P.TOO_SHORT),
        ("bat9" + "\u0301" * 8, P.TOO_SHORT),  # accents are no signs of their own
        ("🔋bat9", P.TOO_SHORT),
        ("", P.TOO_SHORT),
        ("ﷺ1", P.SPACES),  # one sign that is spelled out as four words
        ("㍿㍿1", P.TOO_SHORT),  # each is spelled out as four signs and typed as one
        ("㍿㍿㍿㍿㍿㍿1", P.TOO_SHORT),
        ("½¼¾ab", P.TOO_SHORT),
        ("pass´word79", P.SPACES),  # what this sign is spelled out as begins with a space
        ("a¨1bXyq9z", P.SPACES),
        ("b9" * 65, P.TOO_LONG),
        ("ﷺ" * 10 + "9", P.TOO_LONG),  # one sign that is spelled out as eighteen
        ("batterystaple", P.NOT_MIXED),
        ("8675309135", P.NOT_MIXED),
        ("８６７５３０９１３５", P.NOT_MIXED),
        ("電池電力穩定運轉", P.NOT_MIXED),
        ("🔋🔌8675309", P.NOT_MIXED),
        ("battery九", P.NOT_MIXED),
        ("battery1111", P.REPEATED),
        ("battery１1１1", P.REPEATED),
        ("baAAattery1", P.REPEATED),
        ("bａＡaＡttery1", P.REPEATED),
        ("battery9!!!!", P.REPEATED),
        ("battery9🔋🔋🔋🔋", P.REPEATED),
        ("電電電電battery9", P.REPEATED),
        ("ba\u0301áa\u0301áttery9", P.REPEATED),
        ("battery1234", P.SEQUENTIAL),
        ("battery4321", P.SEQUENTIAL),
        ("battery１２３４", P.SEQUENTIAL),
        ("battery４３２１", P.SEQUENTIAL),
        ("battery１2３4", P.SEQUENTIAL),
        ("battery①②③④", P.SEQUENTIAL),
        ("battery1\u03012\u03013\u03014\u0301", P.SEQUENTIAL),
        ("battery٣٤٥٦", P.SEQUENTIAL),
        ("xAbCdxxx17", P.SEQUENTIAL),
        ("dcbaxxyy17", P.SEQUENTIAL),
        ("ＡｂＣｄxyzz17", P.SEQUENTIAL),
        ("ㄅㄆㄇㄈbattery9", P.SEQUENTIAL),
        ("xxMaker017yy", P.LOGIN_NAME),
        ("xxＭＡＫＥＲ０１７yy", P.LOGIN_NAME),
        ("xx710rekamyy", P.LOGIN_NAME),
        ("QWERTY123", P.COMMON),
        ("ｑｗｅｒｔｙ１２３", P.COMMON),
        ("my-CorpBank-79", P.COMMON),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused_for_it(password: str, reason: P) -> None:
    assert fault(password) == reason


@pytest.mark.parametrize(
    "sign",
    [
        "\u0020", "\u00a0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
        "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200a", "\u202f", "\u205f",
        "\u3000", "\t", "\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029",
        "\x00", "\x07", "\x7f", "\u00ad", "\u034f", "\u061c", "\u115f", "\u1160", "\u180e",
        "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2060",
        "\u2066", "\u2069", "\u2800", "\u3164", "\ufeff", "\uffa0", "\ufff9", "\U000e0041",
    ],
    ids=lambda sign: f"U+{ord(sign):04X}",
)  # fmt: skip
@pytest.mark.parametrize("place", ["{}battery9", "bat{}tery9", "battery9{}"])
def test_no_space_of_any_width_and_nothing_invisible(sign: str, place: str) -> None:
    assert fault(place.format(sign)) == P.SPACES


@pytest.mark.parametrize(
    ("password", "figures", "reason"),
    [
        ("batter", {"shortest": 6}, P.NOT_MIXED),
        ("batte9", {"shortest": 6}, None),
        ("battery123", {"run_length": 3}, P.SEQUENTIAL),
        ("batttery19", {"run_length": 3}, P.REPEATED),
        ("battery1234", {"run_length": 5}, None),
        ("battery12345", {"run_length": 5}, P.SEQUENTIAL),
    ],
)
def test_the_figures_are_the_banks(password: str, figures: dict[str, int], reason: P) -> None:
    assert fault(password, **figures) == reason


def test_staff_have_longer_passwords() -> None:
    for password, reason in (("Battery9sta", P.TOO_SHORT), ("Battery9stap", None)):
        found = password_fault(password, login_name="branch001", is_staff=True, rules=RULES)
        assert found == reason


def test_without_a_login_name_there_is_none_to_find() -> None:
    assert fault("Battery9", login_name="") is None


@given(st.text(max_size=40))
def test_every_text_is_judged_and_all_its_spellings_alike(text: str) -> None:
    form = canonical_password(text)
    assert canonical_password(form) == form
    assert skeleton(form) == skeleton(text)
    if not any(sign.isspace() for sign in form + text):
        composed, taken_apart = (unicodedata.normalize(way, text) for way in ("NFC", "NFD"))
        assert fault(composed) == fault(taken_apart)


@settings(max_examples=20)
@given(st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_what_is_judged_is_what_is_hashed(text: str) -> None:
    hasher = PasswordHasher()
    stored = hasher.encode(canonical_password(text), "saltsaltsalt")
    assert hasher.verify(text, stored)
