"""Statements: canonical, complete, and only what can be seen."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from certificates.errors import StatementReason, StatementRefused
from certificates.formats.statements import (
    Batch,
    PolicyReference,
    RequestReference,
    Statement,
    StatementSigner,
    StatementType,
    Step,
    build_statement,
    read_statement,
    short_code,
    statement_sha256,
)
from certificates.formats.texts import check_text

pytestmark = pytest.mark.req("SIGN-1")
NOW = datetime(2026, 11, 22, 5, 55, 33, tzinfo=UTC)
SIGNER = StatementSigner(user="U-7", certificate_sha256="c" * 64)
DECISION = Statement(
    typ=StatementType.DECISION,
    action="approvals.request.release",
    aud="https://bank.example",
    iat=NOW,
    exp=NOW + timedelta(minutes=5),
    nonce="n0nce",
    signer=SIGNER,
    text_sha256="d" * 64,
    facts={"amount": "1234567.00", "currency": "TWD", "payee": {"name": "王小明"}},
    request=RequestReference("T20261122-48213907", 3, "a" * 64),
    step=Step(2, 3, "RELEASER"),
    policy=PolicyReference("P-4", "b" * 64),
    prev="e" * 64,
)
SIGN_IN = Statement(
    typ=StatementType.SIGN_IN,
    action="identity.user.sign_in",
    aud="https://bank.example",
    iat=NOW,
    exp=NOW + timedelta(minutes=5),
    nonce="n0nce",
    signer=SIGNER,
    text_sha256="d" * 64,
)


def changed(statement=DECISION, **changes):
    return dataclasses.replace(statement, **changes)


def refusal(statement):
    with pytest.raises(StatementRefused) as caught:
        build_statement(statement)
    return caught.value.reason


def test_a_decision_has_exactly_the_documented_members():
    assert json.loads(build_statement(DECISION)) == {
        "v": "1",
        "typ": "decision",
        "action": "approvals.request.release",
        "aud": "https://bank.example",
        "iat": "2026-11-22T05:55:33Z",
        "exp": "2026-11-22T06:00:33Z",
        "nonce": "n0nce",
        "request": {"id": "T20261122-48213907", "revision": "3", "sha256": "a" * 64},
        "facts": {"amount": "1234567.00", "currency": "TWD", "payee": {"name": "王小明"}},
        "step": {"no": "2", "of": "3", "role": "RELEASER"},
        "policy": {"id": "P-4", "sha256": "b" * 64},
        "signer": {"user": "U-7", "certificate_sha256": "c" * 64},
        "prev": "e" * 64,
        "text_sha256": "d" * 64,
    }


def test_the_bytes_are_canonical():
    data = build_statement(DECISION)
    members = json.loads(data)
    again = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data == again.encode()
    assert read_statement(data) == members


def test_the_first_stage_says_that_nothing_came_before():
    assert json.loads(build_statement(changed(prev=None)))["prev"] is None


def test_a_batch_stands_in_place_of_facts():
    batch = Batch(count=2, totals={"TWD": "300.00", "USD": "5.00"}, merkle_root="f" * 64)
    members = json.loads(build_statement(changed(facts=None, batch=batch)))
    assert members["batch"] == {
        "count": "2",
        "totals": {"TWD": "300.00", "USD": "5.00"},
        "merkle_root": "f" * 64,
    }
    assert "facts" not in members
    many = changed(facts=None, batch=batch, request=None, step=None, policy=None)
    assert "request" not in json.loads(build_statement(many))


def test_signing_in_names_no_request():
    members = json.loads(build_statement(SIGN_IN))
    assert set(members) == {
        *("v", "typ", "action", "aud", "iat", "exp", "nonce", "signer", "text_sha256")
    }


@pytest.mark.parametrize(
    "statement",
    [
        changed(facts=None),
        changed(request=None),
        changed(step=None),
        changed(policy=None),
        changed(batch=Batch(1, {"TWD": "1"}, "f" * 64)),
        changed(SIGN_IN, prev="e" * 64),
        changed(SIGN_IN, step=Step(1, 1, "X")),
        changed(text_sha256="D" * 64),
        changed(prev="short"),
        changed(facts={"": "x"}),
        changed(facts={"名": "x"}),
    ],
)
def test_missing_surplus_and_misshapen_members_are_refused(statement):
    assert refusal(statement) is StatementReason.BAD_MEMBER


@pytest.mark.parametrize("value", [1, 1.5, Decimal("1.50"), True, None, b"1", {"deep": 1}, [2]])
def test_facts_are_text_only(value):
    assert refusal(changed(facts={"amount": value})) is StatementReason.NOT_TEXT


def test_facts_have_a_limit():
    assert refusal(changed(facts={"memo": "x" * 70_000})) is StatementReason.TOO_LARGE
    deep = "x"
    for _ in range(10):
        deep = [deep]
    assert refusal(changed(facts={"deep": deep})) is StatementReason.TOO_LARGE


@pytest.mark.parametrize(
    "change",
    [
        {"facts": {"amount": "1234568.00", "currency": "TWD", "payee": {"name": "王小明"}}},
        {"facts": {"amount": "1234567.00", "currency": "TWD", "payee": {"name": "王小朋"}}},
        {"step": Step(3, 3, "RELEASER")},
        {"prev": "0" * 64},
        {"text_sha256": "0" * 64},
        {"aud": "https://other.example"},
        {"nonce": "other"},
        {"request": RequestReference("T20261122-48213907", 4, "a" * 64)},
    ],
)
def test_every_change_makes_another_statement(change):
    original = statement_sha256(build_statement(DECISION))
    assert statement_sha256(build_statement(changed(**change))) != original


def test_text_is_brought_to_one_spelling():
    decomposed = unicodedata.normalize("NFD", "Café é")
    composed = build_statement(changed(facts={"payee": "Café é"}))
    assert build_statement(changed(facts={"payee": decomposed})) == composed


@pytest.mark.parametrize(
    "character",
    [
        *"\x00\n\r\t\x1b\x7f\x85\u00ad\u061c\u200b\u200d\u200e\u202a\u202e\u2028\u2066\u2069\ufeff",
        *"\u034f\u115f\u3164\uffa0\ue000\U000e0041\U000f0000\ufffe",
    ],
    ids=lambda character: f"U+{ord(character):04X}",
)
def test_characters_that_hide_or_turn_text_are_refused(character):
    for text in (f"王{character}明", f"abc{character}"):
        with pytest.raises(StatementRefused) as caught:
            check_text(text)
        assert caught.value.reason is StatementReason.UNSAFE_CHARACTER
        assert caught.value.facts == {"character": f"U+{ord(character):04X}"}
    assert refusal(changed(facts={"payee": f"王{character}"})) is StatementReason.UNSAFE_CHARACTER


@pytest.mark.parametrize("text", ["Pаypal", "ТSMC", "ACME Tradíng Сo", "Οrange"])  # noqa: RUF001 - the look-alikes are the point
def test_words_that_mix_look_alike_alphabets_are_refused(text):
    with pytest.raises(StatementRefused) as caught:
        check_text(text)
    assert caught.value.reason is StatementReason.MIXED_SCRIPTS


@pytest.mark.parametrize(
    "text",
    [
        *("王小明", "𠮷野家", "O’Brien & Söhne GmbH", "ＡＢＣ股份有限公司", "とうきょう", "α-Tech"),  # noqa: RUF001 - names as people have them
        *("Компания", "台積電TSMC（股）", "ㄅㄆㄇ", "1,234.00", "葛\U000e0100"),
    ],
)
def test_names_of_people_and_companies_pass(text):
    assert check_text(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":"1","a":"2"}',
        b'{ "a":"1"}',
        b'{"b":"1","a":"2"}',
        b'["a"]',
        b'{"a":"\\u0041"}',
        b"\xff",
        b"",
        b"[" * 20_000,
        b'{"a":NaN}',
    ],
)
def test_only_canonical_statements_are_read(data):
    with pytest.raises(StatementRefused) as caught:
        read_statement(data)
    assert caught.value.reason is StatementReason.NOT_CANONICAL


def test_the_short_code_is_forty_bits_in_two_groups():
    code = short_code(statement_sha256(b"x"))
    assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}", code)
    assert short_code(bytes(32)) == "0000-0000"
    assert short_code(b"\xff" * 32) == "ZZZZ-ZZZZ"
    assert statement_sha256(b"x") == hashlib.sha256(b"x").digest()
