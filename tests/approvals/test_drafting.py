"""Makers draft, edit and delete; nobody else touches a request (DUAL-1, DUAL-2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from approvals import operations as approvals
from approvals.errors import NotForYou, RequestNotFound, WrongState
from approvals.models import Editor, Request
from approvals.policies.resolver import Reason
from approvals.states import Act
from audit.models import Entry
from identity.errors import PermissionMissing
from kernel import ids
from kernel.clock import business_date
from kernel.errors import DomainError
from tests.approvals.stories import change, grant, maker, row, second_maker, twd
from tests.factories.world import FROM, PAYEE, SECOND, Holder, World, decide, draft, submit
from transfers.errors import NoRightOnAccount
from transfers.models import PaymentOrder
from transfers.operations import OrderFields, create_order, edit_order


def fields(world: World, **changes: Any) -> OrderFields:
    """Return what a maker typed."""
    typed = OrderFields(
        from_account=FROM, payee_account=PAYEE, payee_name=SECOND.name, money=twd(7_000),
        value_date=business_date(world.now), memo="改過的",
    )  # fmt: skip
    return replace(typed, **changes)


def edit(world: World, who: Holder, reference: str, key: str = "", **changes: Any) -> str:
    """Edit a request's transfer as somebody."""
    return edit_order(
        actor=who.act_as(world.now), reference=reference, fields=fields(world, **changes),
        form_key=key or ids.token(), now=world.now,
    )  # fmt: skip


def delete(world: World, who: Holder, reference: str) -> None:
    """Delete a draft as somebody."""
    approvals.delete(
        actor=who.act_as(world.now), reference=reference, form_key=ids.token(), now=world.now
    )


@pytest.mark.req("DUAL-1")
def test_a_draft_is_its_makers_and_holds_nothing(world: World) -> None:
    reference = draft(world, maker(world))
    request = row(reference)
    assert (request.state, request.revision_number) == ("DRAFT", 0)
    assert request.maker == maker(world).user
    assert set(request.editors.values_list("user", flat=True)) == {request.maker_id}
    assert reference.startswith(f"T{business_date(world.now):%Y%m%d}-")
    entry = Entry.objects.get(event="approvals.request.drafted", target=f"request:{reference}")
    assert entry.after["amount"] == "5000"


@pytest.mark.req("DUAL-1", "AUD-1")
def test_another_maker_may_edit_and_before_and_after_are_kept(world: World) -> None:
    reference = draft(world, maker(world))
    edit(world, second_maker(world), reference)
    request = row(reference)
    assert request.amount == 7_000
    assert request.editors.count() == 2
    entry = Entry.objects.get(event="approvals.request.edited")
    assert (entry.before["amount"], entry.after["amount"]) == ("5000", "7000")
    assert entry.actor == second_maker(world).user.public_id


@pytest.mark.req("DUAL-1")
@pytest.mark.parametrize(
    ("login", "refusals"),
    [
        ("review1a", (PermissionMissing,)),
        ("release1", (PermissionMissing,)),
        # They submit requests about the company itself; of transfers they see none.
        ("security1", (PermissionMissing, RequestNotFound)),
        ("security2", (PermissionMissing,)),
    ],
)
def test_nobody_else_drafts_edits_submits_withdraws_or_deletes(
    world: World, login: str, refusals: tuple[type[DomainError], ...]
) -> None:
    reference = draft(world, maker(world))
    pending = submit(world, maker(world))
    other = world.holder(login, card=False)
    actor = other.act_as(world.now)
    acts = [
        lambda: draft(world, other),
        lambda: edit(world, other, reference),
        lambda: delete(world, other, reference),
        lambda: approvals.submit(
            actor=actor, reference=reference, form_key=ids.token(), now=world.now
        ),
        lambda: approvals.withdraw(
            actor=actor, reference=pending, form_key=ids.token(), now=world.now
        ),
    ]
    for act in acts:
        with pytest.raises(refusals):
            act()
    assert (row(reference).state, row(pending).state) == ("DRAFT", "PENDING")


@pytest.mark.req("DUAL-1")
def test_another_companys_maker_finds_nothing(world: World) -> None:
    reference = draft(world, maker(world))
    stranger = world.holder("maker01", world.second, card=False)
    actor = stranger.act_as(world.now)
    acts = [
        lambda: edit(world, stranger, reference),
        lambda: delete(world, stranger, reference),
        lambda: approvals.submit(
            actor=actor, reference=reference, form_key=ids.token(), now=world.now
        ),
        lambda: approvals.withdraw(
            actor=actor, reference=reference, form_key=ids.token(), now=world.now
        ),
    ]
    for act in acts:
        with pytest.raises(RequestNotFound) as refused:
            act()
        assert refused.value.status == 404


@pytest.mark.req("DUAL-1")
def test_a_maker_without_a_right_on_the_account_makes_nothing_of_it(world: World) -> None:
    stranger = world.holder("maker01", world.second, card=False)
    with pytest.raises(NoRightOnAccount):
        draft(world, stranger, from_account=FROM)


@pytest.mark.req("DUAL-1")
def test_a_draft_is_deleted_by_who_made_or_edited_it(world: World) -> None:
    mine, other = draft(world, maker(world)), draft(world, maker(world))
    delete(world, maker(world), mine)
    assert row(mine).state == "DELETED"
    with pytest.raises(NotForYou):
        delete(world, second_maker(world), other)
    edit(world, second_maker(world), other)
    delete(world, second_maker(world), other)
    assert row(other).state == "DELETED"


@pytest.mark.req("DUAL-1", "DUAL-3")
def test_what_was_submitted_is_neither_edited_nor_deleted(world: World) -> None:
    reference = submit(world, maker(world))
    for act in (edit, delete):
        with pytest.raises(WrongState) as refused:
            act(world, maker(world), reference)
        assert refused.value.facts == {"state": "PENDING"}
    assert row(reference).amount == 5_000


@pytest.mark.req("DUAL-2")
def test_who_reviewed_once_cannot_become_an_editor(world: World) -> None:
    """A reviewer who is also granted the maker's role stays on the side they chose."""
    both = grant(world, "review1a", "ent.finance.maker")
    reference = submit(world, maker(world), 50_000)
    decide(world, both, reference, Act.REVIEW)
    decide(world, world.holder("release1"), reference, Act.RETURN, "wrong payee")
    with pytest.raises(NotForYou) as refused:
        edit(world, both, reference)
    assert refused.value.reasons == (Reason.ALREADY_ACTED,)
    with pytest.raises(NotForYou) as refused:
        approvals.submit(
            actor=both.act_as(world.now), reference=reference, form_key=ids.token(), now=world.now
        )
    assert refused.value.reasons == (Reason.ALREADY_ACTED,)
    assert not Editor.objects.filter(user=both.user).exists()


@pytest.mark.req("TRF-8")
def test_a_form_sent_twice_makes_one_draft_and_one_edit(world: World) -> None:
    actor = maker(world).act_as(world.now)
    sent = {"actor": actor, "fields": fields(world), "form_key": "k1", "now": world.now}
    reference = create_order(**sent)
    assert create_order(**sent) == reference
    assert Request.objects.count() == PaymentOrder.objects.count() == 1
    edit(world, maker(world), reference, "k2", money=twd(8_000))
    edit(world, maker(world), reference, "k2", money=twd(9_000))
    assert row(reference).amount == 8_000


def test_a_suspended_maker_edits_nothing(world: World) -> None:
    reference = draft(world, maker(world))
    change(maker(world).user, "suspend")
    with pytest.raises(PermissionMissing):
        edit(world, maker(world), reference)
