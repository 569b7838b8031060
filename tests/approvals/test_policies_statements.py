"""What is put before a signer besides the facts."""

from __future__ import annotations

import pytest

from approvals.policies.statements import decision_text, previous_digest

pytestmark = pytest.mark.req("SIGN-1")


def test_the_first_stage_has_nothing_before_it() -> None:
    assert previous_digest([]) is None


def test_what_came_before_is_named_by_all_its_signatures_in_order() -> None:
    one, two = "a" * 64, "b" * 64
    digests = {previous_digest(found) for found in ([one], [two], [one, two], [two, one])}
    assert len(digests) == 4
    assert all(digest and len(digest) == 64 for digest in digests)


def test_the_words_on_the_screen_are_one_line_each_with_the_reason_last() -> None:
    lines = [("Payee", "王小明"), ("Amount", "TWD 5,000")]
    assert decision_text("T1", "review", lines, "") == "T1 review\nPayee: 王小明\nAmount: TWD 5,000"
    assert decision_text("T1", "return", lines, "Wrong payee").endswith("\nWrong payee")
