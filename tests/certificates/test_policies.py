"""The rules by themselves, without a database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, strategies

from certificates.errors import SigningReason
from certificates.policies import (
    Standing,
    compose_statement,
    is_still_asked,
    read_letter_number,
    scope_refusal,
    standing_refusal,
    suspension_verb,
    whole_second,
)
from kernel.canonical import sha256_hex
from kernel.money import Money
from tests.factories.certificates import NOW, decision

GOOD = {
    "state": "ACTIVE", "storage": "HARDWARE", "card_state": "ACTIVE",
    "not_before": NOW - timedelta(days=1), "not_after": NOW + timedelta(days=1),
    "functions": None, "amount_cap": None, "amount_cap_currency": "TWD",
}  # fmt: skip


def standing(**changes: object) -> Standing:
    return Standing(**{**GOOD, **changes})  # type: ignore[arg-type]


@pytest.mark.req("SIGN-2", "SIGN-6")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"card_state": None}, None),
        ({"state": "SUSPENDED"}, SigningReason.CERTIFICATE_NOT_ACTIVE),
        ({"state": "ISSUED"}, SigningReason.CERTIFICATE_NOT_ACTIVE),
        ({"not_after": None}, SigningReason.CERTIFICATE_NOT_ACTIVE),
        ({"not_after": NOW - timedelta(seconds=1)}, SigningReason.CERTIFICATE_EXPIRED),
        ({"not_before": NOW + timedelta(seconds=1)}, SigningReason.CERTIFICATE_EXPIRED),
        ({"card_state": "LOCKED"}, SigningReason.CARD_NOT_USABLE),
        ({"storage": "BROWSER"}, SigningReason.STORAGE_NOT_ALLOWED),
    ],
)
def test_certificate_that_cannot_sign_says_why(changes: dict, reason: SigningReason | None):
    found = standing_refusal(standing(**changes), allowed_storages={"HARDWARE"}, now=NOW)
    assert found == reason


@pytest.mark.req("CERT-6")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"functions": ["transfers.order"], "amount_cap": Decimal(100)}, None),
        ({"functions": []}, SigningReason.FUNCTION_NOT_ALLOWED),
        ({"amount_cap": Decimal(99)}, SigningReason.AMOUNT_ABOVE_CAP),
        (
            {"amount_cap": Decimal(999), "amount_cap_currency": "USD"},
            SigningReason.AMOUNT_ABOVE_CAP,
        ),
    ],
)
def test_scope_holds_functions_and_amounts(changes: dict, reason: SigningReason | None):
    amount = Money(Decimal(100), "TWD")
    assert scope_refusal(standing(**changes), function="transfers.order", amount=amount) == reason


@pytest.mark.req("CERT-4")
def test_suspension_is_final_the_third_time():
    assert [suspension_verb(count) for count in range(3)] == [
        "suspend", "suspend", "suspend_finally",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "typed", ["01AB-23CD", " oIab 23cd ", "O1ab\u201323cd", "\uff10\uff11AB23CD"]
)
def test_letter_number_is_read_as_people_type_it(typed: str):
    assert read_letter_number(typed) == "01AB23CD"


@given(strategies.text(max_size=80))
def test_letter_number_of_any_text_is_plain_or_nothing(typed: str):
    assert set(read_letter_number(typed)) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def composed(**changes: object) -> bytes:
    fields = decision(**changes)
    return compose_statement(
        fields, signer="U1", certificate_sha256="0" * 64, nonce="n", issued_at=whole_second(NOW),
        expires_at=whole_second(NOW) + timedelta(minutes=5),
        text_sha256=sha256_hex((fields.text or "").encode()),
    )  # fmt: skip


@pytest.mark.req("SIGN-2")
@given(amount=strategies.integers(1, 10**12), payee=strategies.sampled_from(["甲", "乙", "丙"]))
def test_statement_is_still_asked_only_while_nothing_differs(amount: int, payee: str):
    facts = {"amount": str(amount), "payee": payee}
    stored = composed(facts=facts)
    assert is_still_asked(stored, decision(facts=facts))
    assert not is_still_asked(stored, decision(facts={**facts, "amount": str(amount + 1)}))
    assert not is_still_asked(stored, decision(facts={**facts, "payee": "丁"}))
    assert not is_still_asked(stored, decision(facts={**facts, "memo": ""}))
