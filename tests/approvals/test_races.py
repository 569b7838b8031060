"""Many people at the same moment: one posting, clear answers, no deadlock (TRF-3, TRF-8, LIM-2)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from alerts.models import Message
from approvals import operations as approvals
from approvals.errors import NotForYou, StaleRevision, WrongState
from approvals.models import Decision, Revision
from approvals.states import Act
from audit.queries import chain_states
from certificates.models import Signature
from corpbank.demo.bank import release_stage, review_stage
from kernel import ids
from kernel.errors import DomainError
from ledger import queries as ledger
from ledger.models import Posting
from tests.approvals.stories import books, deed, maker, only_rule, row
from tests.factories.threads import at_once
from tests.factories.world import World, decide, draft, submit
from transfers.errors import LimitExceeded
from transfers.models import Limit


def refusals(answers: Sequence[object]) -> list[DomainError]:
    """Return the refusals among the answers of a race."""
    return [answer for answer in answers if isinstance(answer, DomainError)]


def one_release(world: World, reference: str, balance: int) -> None:
    """Insist that the request was released once and everything about it agrees."""
    assert row(reference).state == "RELEASED"
    assert Posting.objects.filter(reference=reference).count() == 1
    assert Decision.objects.filter(revision__request__reference=reference).count() == 1
    assert Signature.objects.filter(sign_request__request_key=reference).count() == 1
    assert books(world).balance == balance
    assert (books(world).held, books(world).reserved) == (0, 0)
    assert Message.objects.filter(event="approvals.request.released").count() == 4
    assert list(ledger.verify()) == []
    assert not any(state.broken for state in chain_states())


@pytest.mark.req("TRF-3", "DUAL-2")
@pytest.mark.parametrize("releasers", [["release1"], ["release1", "release2"]])
def test_sixteen_releases_at_the_same_moment_post_once(
    open_world: World, releasers: list[str]
) -> None:
    world = open_world
    balance = books(world).balance - 5_000
    reference = submit(world, maker(world), 5_000)
    holders = [world.holder(releasers[n % len(releasers)]) for n in range(16)]
    answers = at_once([deed(world, holder, reference, Act.RELEASE) for holder in holders])
    assert answers.count(reference) == 1
    refused = refusals(answers)
    assert len(refused) == 15
    assert {type(error) for error in refused} <= {WrongState, NotForYou, StaleRevision}
    one_release(world, reference, int(balance))


@pytest.mark.req("TRF-8")
def test_one_form_sent_sixteen_times_at_the_same_moment_posts_once_and_answers_all(
    open_world: World,
) -> None:
    world = open_world
    balance = books(world).balance - 5_000
    reference = submit(world, maker(world), 5_000)
    releaser = world.holder("release1")
    ready = deed(world, releaser, reference, Act.RELEASE, key="one form")
    assert at_once([ready] * 16) == [reference] * 16
    one_release(world, reference, int(balance))


@pytest.mark.req("TRF-8", "LIM-2")
def test_one_draft_submitted_sixteen_times_at_the_same_moment_reserves_once(
    open_world: World,
) -> None:
    world = open_world
    reference = draft(world, maker(world), 5_000)
    actor = maker(world).act_as(world.now)

    def send(key: str) -> str:
        return approvals.submit(actor=actor, reference=reference, form_key=key, now=world.now)

    keys = ["one form"] * 8 + [ids.token() for _ in range(8)]
    answers = at_once([lambda k=key: send(k) for key in keys])  # type: ignore[misc]
    assert Revision.objects.count() == 1
    assert books(world).reserved == books(world).held == 5_000
    assert {type(error) for error in refusals(answers)} <= {WrongState}
    assert answers.count(reference) in (1, 8)
    assert len(set(map(str, answers[:8]))) == 1


@pytest.mark.req("DUAL-2", "FLOW-1")
def test_two_releasers_of_one_stage_at_the_same_moment_never_leave_it_half_done(
    open_world: World,
) -> None:
    """Both count in the end, though the second may be asked to look again first."""
    world = open_world
    only_rule(world, release_stage(1, needed=2))
    reference = submit(world, maker(world), 5_000)
    holders = [world.holder("release1"), world.holder("release2")]
    answers = at_once([deed(world, holder, reference, Act.RELEASE) for holder in holders])
    decided = Decision.objects.count()
    assert decided == 2 - len(refusals(answers))
    assert {type(error) for error in refusals(answers)} <= {StaleRevision}
    assert row(reference).state == ("RELEASED" if decided == 2 else "PENDING")
    if decided == 1:
        (late,) = [h for h, answer in zip(holders, answers, strict=True) if answer != reference]
        decide(world, late, reference, Act.RELEASE)
    assert row(reference).state == "RELEASED"
    assert Posting.objects.filter(reference=reference).count() == 1


@pytest.mark.req("DUAL-2")
def test_one_reviewer_at_the_same_moment_twice_takes_one_place(open_world: World) -> None:
    world = open_world
    only_rule(world, review_stage(1, 1, needed=2), release_stage(2))
    reference = submit(world, maker(world), 5_000)
    reviewer = world.holder("review1a")
    answers = at_once([deed(world, reviewer, reference, Act.REVIEW) for _ in range(4)])
    assert answers.count(reference) == 1
    assert {type(error) for error in refusals(answers)} <= {NotForYou, StaleRevision}
    assert Decision.objects.count() == 1
    assert row(reference).stage_number == 1


@pytest.mark.req("DUAL-4", "TRF-3", "LIM-2")
def test_release_reject_and_withdrawal_at_the_same_moment_end_it_once(open_world: World) -> None:
    world = open_world
    start = books(world)
    for _round in range(3):
        reference = submit(world, maker(world), 5_000)
        actor = maker(world).act_as(world.now)
        acts = [
            deed(world, world.holder("release1"), reference, Act.RELEASE),
            deed(world, world.holder("release2"), reference, Act.REJECT, "no"),
            lambda r=reference, a=actor: approvals.withdraw(  # type: ignore[misc]
                actor=a, reference=r, form_key=ids.token(), now=world.now
            ),
        ]
        answers = at_once(acts)
        assert answers.count(reference) == 1
        assert {type(error) for error in refusals(answers)} == {WrongState}
        paid = Posting.objects.filter(reference=reference).count()
        assert (row(reference).state == "RELEASED") is (paid == 1)
    end = books(world)
    assert (end.held, end.reserved) == (0, 0)
    assert start.balance - end.balance == end.used == end.payee - start.payee
    assert list(ledger.verify()) == []


@pytest.mark.req("LIM-2", "LIM-3")
def test_submissions_at_the_same_moment_never_reserve_more_than_the_limit(
    open_world: World,
) -> None:
    world = open_world
    Limit.objects.filter(company=world.company, currency="TWD").update(
        per_transaction=1_000, per_day=5_000
    )
    references = [draft(world, maker(world), 1_000) for _ in range(12)]
    actor = maker(world).act_as(world.now)
    answers = at_once(
        [
            lambda r=reference: approvals.submit(  # type: ignore[misc]
                actor=actor, reference=r, form_key=ids.token(), now=world.now
            )
            for reference in references
        ]
    )
    refused = refusals(answers)
    assert {type(error) for error in refused} == {LimitExceeded}
    assert len(refused) == 7
    assert (books(world).reserved, books(world).held) == (5_000, 5_000)


@pytest.mark.req("TRF-3", "LIM-2")
def test_different_requests_of_one_company_are_released_side_by_side(open_world: World) -> None:
    world = open_world
    start = books(world)
    references = [submit(world, maker(world), 1_000 + n) for n in range(8)]
    holders = [world.holder("release1"), world.holder("release2")]
    acts = [
        deed(world, holders[n % 2], reference, Act.RELEASE)
        for n, reference in enumerate(references)
    ]
    assert at_once(acts) == references
    total = sum(1_000 + n for n in range(8))
    assert start.balance - books(world).balance == books(world).used == total
    assert list(ledger.verify()) == []
    assert not any(state.broken for state in chain_states())
