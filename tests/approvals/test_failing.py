"""What cannot be done at release leaves everything as it was; what is sent twice acts once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from alerts.models import Message
from approvals.errors import (
    DeadlinePassed,
)
from approvals.models import Decision
from approvals.states import Act
from audit.models import Entry
from certificates.models import SignRequest
from corpbank.demo.bank import release_stage, review_stage
from identity.models import FormPost
from kernel.errors import DomainError
from ledger.errors import AccountNotOpen
from ledger.models import Posting
from ledger.operations import close_account, freeze_account, open_account, unfreeze_account
from tests.approvals.stories import books, deed, maker, only_rule, prepare, row
from tests.factories.world import FROM, PAYEE, World, decide, submit
from transfers.errors import LimitExceeded
from transfers.models import Limit


def lowered(world: World) -> None:
    Limit.objects.filter(company=world.company, currency="TWD").update(
        per_transaction=4_000, per_day=4_000
    )


def frozen(number: str) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        accounts = world.first.accounts | world.second.accounts
        freeze_account(account_id=accounts[number], actor="system", reason="x", now=world.now)

    return arrange


def thawed(number: str) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        accounts = world.first.accounts | world.second.accounts
        unfreeze_account(account_id=accounts[number], actor="system", reason="x", now=world.now)

    return arrange


def raised(world: World) -> None:
    Limit.objects.filter(company=world.company, currency="TWD").update(
        per_transaction=9_000, per_day=9_000
    )


FAILURES: dict[str, tuple[Callable[[World], None], type[DomainError], Callable[[World], None]]] = {
    "limit lowered": (lowered, LimitExceeded, raised),
    "own account frozen": (frozen(FROM), AccountNotOpen, thawed(FROM)),
    "payee's account frozen": (frozen(PAYEE), AccountNotOpen, thawed(PAYEE)),
}


@pytest.mark.req("TRF-6", "LIM-2")
@pytest.mark.parametrize("failure", sorted(FAILURES))
def test_a_release_that_cannot_be_done_has_done_nothing_and_can_be_repeated(
    world: World, failure: str
) -> None:
    arrange, error, mend = FAILURES[failure]
    reference = submit(world, maker(world))
    ready = deed(world, world.holder("release1"), reference, Act.RELEASE)
    arrange(world)
    before = books(world)
    told, logged = Message.objects.count(), Entry.objects.count()
    with pytest.raises(error):
        ready()
    assert row(reference).state == "PENDING"
    assert books(world) == before
    assert (Message.objects.count(), Entry.objects.count()) == (told, logged)
    assert not Decision.objects.exists()
    assert not Posting.objects.filter(reference=reference).exists()
    assert not FormPost.objects.filter(user=world.first.people["release1"]).exists()
    assert SignRequest.objects.get(request_key=reference).used_at is None
    mend(world)
    assert ready() == reference
    assert row(reference).state == "RELEASED"


@pytest.mark.req("TRF-6")
def test_a_payees_account_closed_meanwhile_stops_the_release(world: World) -> None:
    number = "200000000099"
    closing = open_account(
        number=number, company_id=world.second.company.pk, currency="TWD", name="Empty",
        opening_balance=Decimal(0),
        actor="system", now=world.now,
    )  # fmt: skip
    reference = submit(world, maker(world), payee=number)
    close_account(account_id=closing, actor="system", reason="x", now=world.now)
    with pytest.raises(AccountNotOpen):
        decide(world, world.holder("release1"), reference, Act.RELEASE)
    assert row(reference).state == "PENDING"
    decide(world, world.holder("release1"), reference, Act.RETURN, "the account is closed")


@pytest.mark.req("TRF-6", "FLOW-7")
@pytest.mark.parametrize("act", [Act.REVIEW, Act.RELEASE])
def test_nobody_agrees_after_the_deadline_but_it_can_still_be_returned(
    world: World, act: Act
) -> None:
    amount, login = (50_000, "review1a") if act == Act.REVIEW else (5_000, "release1")
    reference = submit(world, maker(world), amount)
    over = row(reference).deadline - world.now + timedelta(seconds=1)
    holder = world.holder(login)
    before = books(world)
    with pytest.raises(DeadlinePassed):
        prepare(world, holder, reference, act, later=over)
    assert books(world) == before
    shown = prepare(world, holder, reference, Act.RETURN, "too late", later=over)
    assert shown.id


# --- the same form twice -------------------------------------------------------------------------


@pytest.mark.req("TRF-8")
def test_a_release_sent_twice_posts_once_and_answers_the_same(world: World) -> None:
    reference = submit(world, maker(world))
    ready = deed(world, world.holder("release1"), reference, Act.RELEASE)
    assert ready() == ready() == reference
    assert Posting.objects.filter(reference=reference).count() == 1
    assert Decision.objects.count() == 1


@pytest.mark.req("TRF-8")
def test_a_review_sent_twice_counts_once(world: World) -> None:
    only_rule(world, review_stage(1, 1, needed=2), release_stage(2))
    reference = submit(world, maker(world))
    ready = deed(world, world.holder("review1a"), reference, Act.REVIEW)
    assert ready() == ready() == reference
    assert row(reference).stage_number == 1
    assert Decision.objects.count() == 1
