"""Submitting freezes, chooses the flow, reserves, and tells the first stage (DUAL-3, FLOW-1)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from alerts.models import Message
from approvals import operations as approvals
from approvals.errors import AmbiguousFlow, NobodyCanAct, NoFlow, NotForYou, WrongState
from approvals.models import Decision, Flow, FlowRule, PolicySnapshot, Revision
from approvals.policies.resolver import Reason
from approvals.policies.rules import REVIEWER, snapshot_sha256, stage_specs
from approvals.states import Act
from audit.models import Entry
from corpbank.demo.bank import release_stage, review_stage
from identity.models import Grant
from kernel import ids
from kernel.canonical import canonical_bytes, sha256_hex
from kernel.errors import DomainError
from ledger.errors import InsufficientFunds
from ledger.models import AccountRight, Hold
from ledger.operations import freeze_account
from tests.approvals.stories import books, change, grant, maker, row, rule, second_maker
from tests.factories.world import FROM, PAYEE, Holder, World, decide, draft, submit
from transfers.errors import AccountBlocked, LimitExceeded, PayeeUnknown, WrongDate
from transfers.models import Limit, Reservation

SUBMITTED = "approvals.request.submitted"


def send(
    world: World, who: Holder, reference: str, key: str = "", *, later: timedelta = timedelta(0)
) -> str:
    """Submit as somebody, now or later."""
    now = world.now + later
    return approvals.submit(
        actor=who.act_as(now), reference=reference, form_key=key or ids.token(), now=now
    )


@pytest.mark.req("DUAL-3", "FLOW-3")
def test_submitting_freezes_a_numbered_revision_with_the_digest_of_its_bytes(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    revision = Revision.objects.get(request__reference=reference)
    assert revision.number == row(reference).revision_number == 1
    assert revision.sha256 == sha256_hex(canonical_bytes(revision.content))
    assert revision.content["amount"] == "50000"
    assert revision.content["payee_account"] == PAYEE
    assert all(isinstance(value, str) for value in revision.content.values())
    policy = revision.policy
    assert policy.sha256 == snapshot_sha256(policy.content)
    specs = stage_specs(policy.content)
    assert [(s.number, s.act, s.level) for s in specs] == [(1, "review", 1), (2, "release", 0)]
    stored = [(s.number, s.act, s.level) for s in revision.stages.order_by("number")]
    assert stored == [(1, "review", 1), (2, "release", 0)]
    entry = Entry.objects.get(event="approvals.request.submitted")
    assert (entry.after["sha256"], entry.after["policy"]) == (revision.sha256, policy.sha256)


@pytest.mark.req("FLOW-3")
def test_the_same_policy_is_kept_once(world: World) -> None:
    submit(world, maker(world), 1_000)
    submit(world, maker(world), 2_000)
    assert PolicySnapshot.objects.count() == 1


@pytest.mark.req("LIM-2")
def test_submitting_reserves_the_limit_and_holds_the_funds(world: World) -> None:
    before = books(world)
    reference = submit(world, maker(world), 50_000)
    after = books(world)
    assert (after.reserved, after.used, after.held) == (50_000, 0, 50_000)
    assert after.balance == before.balance
    assert Hold.objects.get().key == Reservation.objects.get().key == f"{reference}/1"


@pytest.mark.req("ALR-2")
def test_the_first_stage_is_told_and_nobody_else(world: World) -> None:
    submit(world, maker(world), 50_000)
    sent = Message.objects.filter(event=SUBMITTED)
    told = set(sent.values_list("recipient_key", flat=True))
    people = world.first.people
    assert told == {people["review1a"].public_id, people["review1b"].public_id}
    assert sent.count() == 4


@pytest.mark.req("FLOW-1")
@pytest.mark.parametrize(
    ("amount", "levels"),
    [
        (9_999, [0]),
        (10_000, [1, 0]),
        (99_999, [1, 0]),
        (100_000, [1, 2, 0]),
        (999_999, [1, 2, 0]),
        (1_000_000, [1, 2, 3, 0]),
    ],
)
def test_the_amount_chooses_one_of_the_four_flows(
    world: World, amount: int, levels: list[int]
) -> None:
    reference = submit(world, maker(world), amount)
    stages = Revision.objects.get(request__reference=reference).stages.order_by("number")
    assert [stage.level for stage in stages] == levels
    request = row(reference)
    expected = ("release", "ent.finance.releaser") if levels == [0] else ("review", REVIEWER)
    assert (request.stage_act, request.stage_role) == expected


# --- what stops a submission, and that it then has changed nothing -------------------------------


def lower(world: World, per_transaction: int, per_day: int) -> None:
    Limit.objects.filter(company=world.company, currency="TWD").update(
        per_transaction=per_transaction, per_day=per_day
    )


def freeze(world: World, number: str) -> None:
    accounts = world.first.accounts | world.second.accounts
    freeze_account(account_id=accounts[number], actor="system", reason="court", now=world.now)


def no_releaser(world: World) -> None:
    for login in ("release1", "release2"):
        change(Grant.objects.get(user=world.first.people[login]), "suspend")


def cap_of_maker(world: World) -> None:
    AccountRight.objects.filter(
        user=world.first.people["maker01"], permission__codename="edit_transfer"
    ).update(cap=4_999)


def no_right(world: World) -> None:
    AccountRight.objects.filter(
        user=world.first.people["maker01"], permission__codename="edit_transfer"
    ).update(valid_until=world.now + timedelta(microseconds=1), valid_from=world.now - timedelta(1))


def forget_rules(world: World) -> None:
    FlowRule.objects.filter(company=world.company).delete()


STOPS: dict[str, tuple[Callable[[World], object], type[DomainError], str]] = {
    "no rule": (forget_rules, NoFlow, "amount"),
    "two rules": (lambda w: rule(w, release_stage(1)), AmbiguousFlow, "amount"),
    "nobody to release": (no_releaser, NobodyCanAct, ""),
    "over the limit of one": (lambda w: lower(w, 4_999, 9_000), LimitExceeded, "amount"),
    "account frozen": (lambda w: freeze(w, FROM), AccountBlocked, "from_account"),
    "payee frozen": (lambda w: freeze(w, PAYEE), PayeeUnknown, "payee_account"),
    "own limit": (cap_of_maker, NotForYou, ""),
}


@pytest.mark.req("FLOW-2", "LIM-3", "TRF-6", "ENT-4")
@pytest.mark.parametrize("stop", sorted(STOPS))
def test_what_stops_a_submission_is_named_and_leaves_a_draft(world: World, stop: str) -> None:
    arrange, error, field = STOPS[stop]
    reference = draft(world, maker(world), 5_000)
    before = books(world)
    arrange(world)
    with pytest.raises(error) as refused:
        send(world, maker(world), reference)
    assert refused.value.field == field
    assert (row(reference).state, row(reference).revision_number) == ("DRAFT", 0)
    assert books(world) == before
    assert not Revision.objects.exists()
    assert not Message.objects.filter(event=SUBMITTED).exists()


@pytest.mark.req("TRF-6")
def test_more_than_is_available_is_refused_though_limits_allow_it(world: World) -> None:
    lower(world, 9_000_000, 90_000_000)
    reference = draft(world, maker(world), 8_400_121)
    with pytest.raises(InsufficientFunds) as refused:
        send(world, maker(world), reference)
    assert "8,400,120" in str(refused.value)
    assert row(reference).state == "DRAFT"


@pytest.mark.req("LIM-2", "TRF-6")
def test_funds_held_for_one_request_are_not_there_for_the_next(world: World) -> None:
    lower(world, 9_000_000, 90_000_000)
    submit(world, maker(world), 8_400_000)
    with pytest.raises(InsufficientFunds) as refused:
        submit(world, maker(world), 121)
    assert refused.value.facts["available"] == "TWD 120"
    assert submit(world, maker(world), 120)


@pytest.mark.req("FLOW-2")
def test_an_amount_in_a_gap_of_the_table_is_not_let_through(world: World) -> None:
    forget_rules(world)
    rule(world, release_stage(1), minimum=0, maximum=5_000)
    rule(world, release_stage(1), minimum=6_000)
    assert submit(world, maker(world), 4_999)
    assert submit(world, maker(world), 6_000)
    with pytest.raises(NoFlow):
        submit(world, maker(world), 5_000)


@pytest.mark.req("FLOW-2")
def test_another_companys_rules_do_not_count(world: World) -> None:
    forget_rules(world)
    assert FlowRule.objects.exclude(company=world.company).exists()
    with pytest.raises(NoFlow):
        submit(world, maker(world), 5_000)


@pytest.mark.req("ENT-4", "DUAL-2")
def test_a_maker_does_not_count_among_those_who_could_decide(world: World) -> None:
    no_releaser(world)
    grant(world, "maker01", "ent.finance.releaser")
    with pytest.raises(NobodyCanAct) as refused:
        submit(world, maker(world), 5_000)
    assert refused.value.facts == {"stage": 1}
    assert submit(world, second_maker(world), 5_000)


@pytest.mark.req("ENT-4")
def test_one_person_for_two_stages_is_one_too_few(world: World) -> None:
    forget_rules(world)
    rule(world, review_stage(1, 3), review_stage(2, 2), release_stage(3))
    change(world.first.people["review2a"], "suspend")
    grant(world, "review3a", "ent.finance.reviewer", level=2)
    with pytest.raises(NobodyCanAct) as refused:
        submit(world, maker(world), 5_000)
    assert refused.value.facts == {"stage": 2}


@pytest.mark.req("ENT-4")
def test_a_card_not_yet_in_use_does_not_stop_a_submission(world: World) -> None:
    """The person may enrol until their stage comes."""
    no_releaser(world)
    grant(world, "maker02", "ent.finance.releaser", card=False)
    assert submit(world, maker(world), 5_000)


@pytest.mark.req("ENT-3")
def test_a_maker_whose_right_ended_does_not_submit(world: World) -> None:
    reference = draft(world, maker(world))
    no_right(world)
    with pytest.raises(NotForYou) as refused:
        send(world, maker(world), reference, later=timedelta(seconds=1))
    assert refused.value.reasons == (Reason.NO_ACCOUNT_RIGHT,)
    assert send(world, second_maker(world), reference)


# --- stale, double, foreign ----------------------------------------------------------------------


@pytest.mark.req("TRF-6")
def test_a_draft_of_yesterday_is_not_submitted_today(world: World) -> None:
    reference = draft(world, maker(world))
    with pytest.raises(WrongDate) as refused:
        send(world, maker(world), reference, later=timedelta(days=1))
    assert refused.value.field == "value_date"
    assert row(reference).state == "DRAFT"


@pytest.mark.req("TRF-8", "LIM-2")
def test_a_form_sent_twice_submits_once(world: World) -> None:
    reference = draft(world, maker(world))
    assert send(world, maker(world), reference, "key-1") == reference
    before = books(world)
    assert send(world, maker(world), reference, "key-1") == reference
    assert books(world) == before
    assert row(reference).revision_number == 1


def test_another_form_or_another_person_meets_the_new_state(world: World) -> None:
    reference = draft(world, maker(world))
    send(world, maker(world), reference, "key-1")
    with pytest.raises(WrongState):
        send(world, maker(world), reference, "key-2")
    with pytest.raises(WrongState):
        send(world, second_maker(world), reference, "key-1")
    assert row(reference).revision_number == 1


@pytest.mark.req("DUAL-2")
def test_who_submits_anothers_draft_is_of_the_makers_side(world: World) -> None:
    """Whoever made a revision never decides on it, and submitting makes the revision."""
    reference = draft(world, maker(world), 50_000)
    other = grant(world, "maker02", REVIEWER, level=1)
    send(world, other, reference)
    with pytest.raises(NotForYou) as refused:
        decide(world, other, reference, Act.REVIEW)
    assert refused.value.reasons == (Reason.IS_MAKER,)
    assert not Decision.objects.exists()


@pytest.mark.req("DUAL-3")
def test_a_change_of_the_flow_does_not_touch_what_is_pending(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    with transaction.atomic():
        FlowRule.objects.filter(company=world.company).delete()
        Flow.objects.filter(company=world.company).update(name="changed")
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    assert row(reference).state == "RELEASED"


def test_the_frozen_content_is_plain_json(world: World) -> None:
    reference = submit(world, maker(world), 50_000, memo="貨款 <script>alert(1)</script>")
    content = Revision.objects.get(request__reference=reference).content
    assert json.loads(canonical_bytes(content)) == content
    assert content["memo"] == "貨款 <script>alert(1)</script>"
