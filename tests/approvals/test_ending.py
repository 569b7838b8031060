"""Withdrawn by its makers or overtaken by its deadline, a request frees what it held (DUAL-4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.models import Message
from approvals import operations as approvals
from approvals.errors import NotForYou, WrongState
from approvals.states import FINAL, Act, RequestState
from audit.models import Entry
from kernel import ids
from tests.approvals.stories import books, deed, maker, row, second_maker
from tests.approvals.test_drafting import delete, edit
from tests.factories.world import Holder, World, decide, draft, submit
from transfers.models import PaymentOrder


def withdraw(world: World, who: Holder, reference: str, key: str = "") -> str:
    """Withdraw as somebody."""
    return approvals.withdraw(
        actor=who.act_as(world.now), reference=reference, form_key=key or ids.token(),
        now=world.now,
    )  # fmt: skip


def bring(world: World, state: RequestState) -> str:
    """Return a request that has come to this state."""
    if state in (RequestState.DRAFT, RequestState.DELETED):
        reference = draft(world, maker(world))
        if state == RequestState.DELETED:
            delete(world, maker(world), reference)
        return reference
    reference = submit(world, maker(world))
    releaser = world.holder("release1")
    if state == RequestState.RETURNED:
        decide(world, releaser, reference, Act.RETURN, "again")
    elif state == RequestState.REJECTED:
        decide(world, releaser, reference, Act.REJECT, "never")
    elif state == RequestState.RELEASED:
        decide(world, releaser, reference, Act.RELEASE)
    elif state == RequestState.WITHDRAWN:
        withdraw(world, maker(world), reference)
    elif state == RequestState.EXPIRED:
        late = row(reference).deadline + timedelta(seconds=1)
        assert approvals.expire(request_id=row(reference).pk, now=late)
    return reference


@pytest.mark.req("DUAL-1", "LIM-2")
@pytest.mark.parametrize("state", list(RequestState))
def test_only_a_pending_or_returned_request_is_withdrawn(world: World, state: RequestState) -> None:
    start = books(world)
    reference = bring(world, state)
    if state in (RequestState.PENDING, RequestState.RETURNED):
        assert withdraw(world, maker(world), reference) == reference
        assert row(reference).state == "WITHDRAWN"
        assert books(world) == start
    else:
        before = books(world)
        with pytest.raises(WrongState):
            withdraw(world, maker(world), reference)
        assert (row(reference).state, books(world)) == (state, before)


@pytest.mark.req("FLOW-7", "LIM-2")
@pytest.mark.parametrize("state", list(RequestState))
def test_what_is_open_expires_after_its_deadline_and_what_has_ended_does_not(
    world: World, state: RequestState
) -> None:
    start = books(world)
    reference = bring(world, state)
    request = row(reference)
    assert not approvals.expire(request_id=request.pk, now=request.deadline)
    late = request.deadline + timedelta(seconds=1)
    assert approvals.expire(request_id=request.pk, now=late) is (state not in FINAL)
    assert row(reference).state == (state if state in FINAL else "EXPIRED")
    if state != RequestState.RELEASED:
        assert books(world) == start
    assert not approvals.expire(request_id=request.pk, now=late)


@pytest.mark.req("DUAL-1")
def test_only_who_made_or_edited_withdraws(world: World) -> None:
    reference = draft(world, maker(world))
    pending = submit(world, maker(world))
    with pytest.raises(NotForYou):
        withdraw(world, second_maker(world), pending)
    edit(world, second_maker(world), reference)
    approvals.submit(
        actor=maker(world).act_as(world.now), reference=reference, form_key="k", now=world.now
    )
    assert withdraw(world, second_maker(world), reference) == reference


@pytest.mark.req("TRF-8")
def test_withdrawing_twice_by_one_form_frees_once(world: World) -> None:
    start = books(world)
    reference = submit(world, maker(world))
    assert withdraw(world, maker(world), reference, "k") == reference
    assert withdraw(world, maker(world), reference, "k") == reference
    assert books(world) == start


@pytest.mark.req("TRF-8")
def test_a_key_that_came_with_another_act_does_not_stop_this_one(world: World) -> None:
    reference = approvals.submit(
        actor=maker(world).act_as(world.now), reference=draft(world, maker(world)),
        form_key="one key", now=world.now,
    )  # fmt: skip
    withdraw(world, maker(world), reference, key="one key")
    assert row(reference).state == RequestState.WITHDRAWN


@pytest.mark.req("DUAL-4")
def test_the_order_is_left_as_it_was(world: World) -> None:
    reference = submit(world, maker(world))
    before = PaymentOrder.objects.filter(reference=reference).values().get()
    withdraw(world, maker(world), reference)
    assert PaymentOrder.objects.filter(reference=reference).values().get() == before


@pytest.mark.req("ALR-2", "AUD-1")
def test_those_who_had_decided_are_told(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    withdraw(world, maker(world), reference)
    told = Message.objects.filter(event="approvals.request.withdrawn")
    keys = set(told.values_list("recipient_key", flat=True))
    assert keys == {world.first.people["review1a"].public_id}
    entry = Entry.objects.get(event="approvals.request.withdrawn")
    assert entry.after == {"state": "WITHDRAWN", "revision": "1"}


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_a_decision_that_comes_too_late_is_told_so(world: World, end: str) -> None:
    reference = submit(world, maker(world))
    late = deed(world, world.holder("release1"), reference, Act.RELEASE)
    if end == "withdrawn":
        withdraw(world, maker(world), reference)
    else:
        moment = row(reference).deadline + timedelta(seconds=1)
        approvals.expire(request_id=row(reference).pk, now=moment)
    with pytest.raises(WrongState):
        late()
