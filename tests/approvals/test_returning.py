"""Return and reject need a reason, free what was held, and void what was decided."""

from __future__ import annotations

import pytest

from alerts.models import Message
from approvals import operations as approvals
from approvals.errors import (
    ReasonMissing,
    WrongState,
)
from approvals.models import Decision, Revision
from approvals.policies.resolver import Reason
from approvals.states import Act
from kernel.errors import Conflict, RuleBroken
from tests.approvals.stories import books, deed, maker, may_not, row
from tests.approvals.test_drafting import edit
from tests.approvals.test_submitting import send
from tests.factories.world import World, decide, sign, submit
from transfers.models import PaymentOrder


@pytest.mark.req("DUAL-4")
@pytest.mark.parametrize("act", [Act.RETURN, Act.REJECT])
@pytest.mark.parametrize("reason", ["", "   ", "\n\t "])
def test_a_return_and_a_reject_need_a_reason(world: World, act: Act, reason: str) -> None:
    reference = submit(world, maker(world))
    with pytest.raises(ReasonMissing) as refused:
        sign(world, world.holder("release1"), reference, act, reason)
    assert refused.value.field == "reason"


@pytest.mark.req("SIGN-1")
def test_a_reason_with_hidden_characters_is_refused(world: World) -> None:
    reference = submit(world, maker(world))
    with pytest.raises(RuleBroken) as refused:
        sign(world, world.holder("release1"), reference, Act.RETURN, "ok\u202eko")
    assert refused.value.code == "text.hidden_characters"


@pytest.mark.req("SIGN-1", "DUAL-4")
def test_the_reason_sent_is_the_reason_signed(world: World) -> None:
    reference = submit(world, maker(world))
    releaser = world.holder("release1")
    signed = sign(world, releaser, reference, Act.RETURN, "wrong payee")
    with pytest.raises(Conflict):
        deed(world, releaser, reference, Act.RETURN, "something else", signed=signed)()
    assert deed(world, releaser, reference, Act.RETURN, "wrong payee", signed=signed)()
    assert Decision.objects.get().reason == "wrong payee"


@pytest.mark.req("DUAL-3", "DUAL-4", "LIM-2")
def test_returned_edited_and_sent_again_the_same_people_decide_anew(world: World) -> None:
    start = books(world)
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, world.holder("release1"), reference, Act.RETURN, "wrong amount")
    assert row(reference).state == "RETURNED"
    assert books(world) == start
    edit(world, maker(world), reference)
    send(world, maker(world), reference)
    request = row(reference)
    assert (request.revision_number, request.amount) == (2, 7_000)
    assert (request.stage_number, request.stage_act) == (1, "release")
    numbers = Revision.objects.order_by("number").values_list("number", "content__amount")
    assert list(numbers) == [(1, "50000"), (2, "7000")]
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    assert row(reference).state == "RELEASED"
    assert books(world).balance == start.balance - 7_000
    assert Decision.objects.filter(revision__number=1).count() == 2


@pytest.mark.req("DUAL-3")
def test_a_new_revision_voids_what_was_reviewed_before(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, world.holder("release1"), reference, Act.RETURN, "again, please")
    send(world, maker(world), reference)
    assert row(reference).stage_number == 1
    may_not(Reason.OTHER_STAGE, world, "release1", reference, Act.RELEASE)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    assert row(reference).state == "RELEASED"


@pytest.mark.req("DUAL-4", "LIM-2")
@pytest.mark.parametrize("act", [Act.RETURN, Act.REJECT])
def test_return_and_reject_free_everything_and_leave_the_order_as_it_was(
    world: World, act: Act
) -> None:
    start = books(world)
    reference = submit(world, maker(world), 50_000)
    before = PaymentOrder.objects.filter(reference=reference).values().get()
    decide(world, world.holder("review1a"), reference, act, "not this one")
    assert row(reference).state == {"return": "RETURNED", "reject": "REJECTED"}[act]
    assert books(world) == start
    assert PaymentOrder.objects.filter(reference=reference).values().get() == before
    told = Message.objects.filter(event=f"approvals.request.{row(reference).state.lower()}")
    assert set(told.values_list("recipient_key", flat=True)) == {maker(world).user.public_id}


@pytest.mark.parametrize("end", [Act.RELEASE, Act.REJECT])
def test_nothing_is_done_to_what_has_ended(world: World, end: Act) -> None:
    reference = submit(world, maker(world))
    late = deed(world, world.holder("release2"), reference, Act.RELEASE)
    decide(world, world.holder("release1"), reference, end, "no" if end == Act.REJECT else "")
    after = books(world)
    state = row(reference).state
    for act in (late, lambda: send(world, maker(world), reference)):
        with pytest.raises(WrongState) as refused:
            act()
        assert refused.value.facts == {"state": state}
    for act in (Act.RELEASE, Act.RETURN):
        with pytest.raises(WrongState):
            sign(world, world.holder("release2"), reference, act, "why not")
    with pytest.raises(WrongState):
        edit(world, maker(world), reference)
    assert books(world) == after


@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize("act", [Act.REVIEW, Act.RELEASE, Act.RETURN, Act.REJECT])
def test_a_draft_is_not_decided_on(world: World, act: Act) -> None:
    reference = submit(world, maker(world), 50_000)
    approvals.withdraw(
        actor=maker(world).act_as(world.now), reference=reference, form_key="k", now=world.now
    )
    login = "release1" if act == Act.RELEASE else "review1a"
    with pytest.raises(WrongState):
        sign(world, world.holder(login), reference, act, "why not")
