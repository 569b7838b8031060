"""Which flow a company's rule table chooses; where it chooses none, nothing passes (FLOW-2)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, strategies as st

from approvals.policies.rules import (
    Question,
    Rule,
    StageSpec,
    covers,
    matching,
    snapshot,
    snapshot_sha256,
    stage_specs,
)

pytestmark = pytest.mark.req("FLOW-2")

KIND = "transfers.transfer"
RELEASE = StageSpec(1, "release", "ent.finance.releaser", 0, 1, ())
BASE = Rule(
    rule_id=1, kind=KIND, account_id=None, currency="", importance="", minimum=Decimal(0),
    maximum=None, flow_code="f", flow_name="Flow", stages=(RELEASE,),
)  # fmt: skip
ASKED = Question(kind=KIND, account_id=7, currency="TWD", amount=Decimal(10_000), importance="high")


@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True),
        ({"kind": "transfers.batch"}, False),
        ({"account_id": 7}, True),
        ({"account_id": 8}, False),
        ({"currency": "TWD"}, True),
        ({"currency": "USD"}, False),
        ({"importance": "high"}, True),
        ({"importance": "low"}, False),
        ({"minimum": Decimal(10_000)}, True),
        ({"minimum": Decimal("10000.0001")}, False),
        ({"maximum": Decimal(10_000)}, False),
        ({"maximum": Decimal("10000.0001")}, True),
        ({"account_id": 7, "currency": "USD"}, False),
    ],
)
def test_a_rule_covers_its_cell_of_the_table(changes: dict[str, object], covered: bool) -> None:
    assert covers(replace(BASE, **changes), ASKED) is covered  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "chosen"),
    [
        ([], []),
        ([{"currency": "USD"}], []),
        ([{}], [1]),
        ([{}, {"currency": "TWD"}], [2]),
        ([{"importance": "high"}, {"currency": "TWD"}], [2]),
        ([{"currency": "TWD", "importance": "high"}, {"account_id": 7}], [2]),
        ([{"currency": "TWD"}, {"currency": "TWD", "importance": "high"}], [2]),
        ([{"account_id": 7}, {"account_id": 7, "currency": "TWD"}], [2]),
        ([{"account_id": 8}, {"currency": "TWD"}], [2]),
        ([{"maximum": Decimal(10_000)}, {"minimum": Decimal(10_000)}], [2]),
        ([{}, {}], [1, 2]),
        ([{"currency": "TWD"}, {"currency": "TWD", "minimum": Decimal(5)}], [1, 2]),
    ],
)
def test_the_most_specific_rule_is_chosen_and_a_tie_is_told(
    table: list[dict[str, object]], chosen: list[int]
) -> None:
    rules = [replace(BASE, rule_id=n, **row) for n, row in enumerate(table, 1)]  # type: ignore[arg-type]
    assert [rule.rule_id for rule in matching(rules, ASKED)] == chosen


RULES = st.builds(
    lambda account, currency, importance, low, width: replace(
        BASE,
        account_id=account,
        currency=currency,
        importance=importance,
        minimum=Decimal(low),
        maximum=None if width is None else Decimal(low + width),
    ),
    st.sampled_from([None, 7, 8]),
    st.sampled_from(["", "TWD", "USD"]),
    st.sampled_from(["", "high", "low"]),
    st.integers(0, 20_000),
    st.none() | st.integers(1, 20_000),
)


@given(st.lists(RULES, max_size=8))
def test_what_is_chosen_always_covers_and_nothing_covering_is_more_specific(
    rules: list[Rule],
) -> None:
    found = matching(rules, ASKED)
    covering = [rule for rule in rules if covers(rule, ASKED)]
    assert bool(found) is bool(covering)
    for rule in found:
        assert covers(rule, ASKED)
        assert all(rule.specificity >= other.specificity for other in covering)


@given(st.lists(RULES, max_size=6), st.randoms())
def test_the_order_of_the_table_does_not_matter(rules: list[Rule], chance: object) -> None:
    numbered = [replace(rule, rule_id=n) for n, rule in enumerate(rules)]
    turned = list(numbered)
    chance.shuffle(turned)  # type: ignore[attr-defined]
    assert {rule.rule_id for rule in matching(numbered, ASKED)} == {
        rule.rule_id for rule in matching(turned, ASKED)
    }


@given(st.integers(0, 3_000_000))
def test_bands_that_touch_leave_no_gap_and_no_overlap(amount: int) -> None:
    edges = [0, 10_000, 100_000, 1_000_000, None]
    bands = [
        replace(
            BASE,
            rule_id=n,
            minimum=Decimal(edges[n] or 0),
            maximum=None if edges[n + 1] is None else Decimal(edges[n + 1] or 0),
        )
        for n in range(4)
    ]
    (chosen,) = matching(bands, replace(ASKED, amount=Decimal(amount)))
    assert chosen.rule_id == sum(amount >= edge for edge in (10_000, 100_000, 1_000_000))


# --- the policy as it is frozen at submission (FLOW-3) ----------------------------------------

STAGES = (
    StageSpec(1, "review", "ent.finance.reviewer", 1, 2, ("A", "B")),
    StageSpec(2, "release", "ent.finance.releaser", 0, 1, ()),
)


@pytest.mark.req("FLOW-3")
def test_a_snapshot_gives_the_stages_back() -> None:
    assert stage_specs(snapshot("22099131", replace(BASE, stages=STAGES))) == STAGES


@pytest.mark.req("FLOW-3")
@pytest.mark.parametrize(
    "changes",
    [
        {"rule_id": 2}, {"kind": "other"}, {"account_id": 1}, {"currency": "USD"},
        {"importance": "high"}, {"minimum": Decimal(1)}, {"maximum": Decimal(5)},
        {"flow_code": "g"}, {"flow_name": "Other"}, {"stages": STAGES},
    ],
)  # fmt: skip
def test_another_policy_has_another_name(changes: dict[str, object]) -> None:
    plain, changed = snapshot("22099131", BASE), snapshot("22099131", replace(BASE, **changes))  # type: ignore[arg-type]
    assert snapshot_sha256(plain) != snapshot_sha256(changed)
    assert snapshot_sha256(plain) != snapshot_sha256(snapshot("04595257", BASE))


def test_the_same_band_written_with_more_noughts_is_the_same_policy() -> None:
    rules = [replace(BASE, minimum=Decimal(text)) for text in ("10000", "10000.0000", "1E+4")]
    assert len({snapshot_sha256(snapshot("22099131", rule)) for rule in rules}) == 1
