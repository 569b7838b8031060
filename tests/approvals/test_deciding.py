"""Checkers review, release, return and reject; what they may not, and what a failure leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from alerts.models import Message
from approvals.errors import (
    NotForYou,
    RequestNotFound,
)
from approvals.models import Decision, Revision
from approvals.policies.resolver import Reason
from approvals.policies.rules import RELEASER, REVIEWER
from approvals.states import Act
from audit.queries import history
from certificates.models import Signature
from corpbank.demo.bank import release_stage, review_stage
from identity.errors import PermissionMissing
from identity.models import Grant
from ledger.models import AccountRight, Posting
from tests.approvals.stories import books, change, deed, grant, maker, may_not, only_rule, row
from tests.approvals.test_drafting import edit
from tests.approvals.test_submitting import send
from tests.factories.world import World, decide, sign, submit
from transfers.models import PaymentOrder

# --- the four flows, from first signature to the books -------------------------------------------


@pytest.mark.req("FLOW-1", "TRF-3", "DUAL-3")
@pytest.mark.parametrize(
    ("amount", "path"),
    [
        (5_000, ["release1"]),
        (50_000, ["review1a", "release1"]),
        (500_000, ["review1b", "review2a", "release2"]),
        (1_500_000, ["review1a", "review2a", "review3a", "release2"]),
    ],
)
def test_each_flow_leads_through_its_stages_to_one_posting(
    world: World, amount: int, path: list[str]
) -> None:
    start = books(world)
    reference = submit(world, maker(world), amount)
    for place, login in enumerate(path, 1):
        assert (row(reference).state, row(reference).stage_number) == ("PENDING", place)
        act = Act.RELEASE if place == len(path) else Act.REVIEW
        decide(world, world.holder(login), reference, act)
    end = books(world)
    assert row(reference).state == "RELEASED"
    assert (end.balance, end.payee) == (start.balance - amount, start.payee + amount)
    assert (end.held, end.reserved, end.used) == (0, 0, amount)
    assert Posting.objects.filter(reference=reference).count() == 1
    assert PaymentOrder.objects.get(reference=reference).executed_at == world.now
    decisions = Decision.objects.filter(revision__request__reference=reference).order_by("pk")
    assert [decision.user.login_name for decision in decisions] == path
    assert Signature.objects.filter(pk__in=decisions.values("signature")).count() == len(path)


@pytest.mark.req("FLOW-1")
def test_before_the_last_stage_nothing_is_posted(world: World) -> None:
    start = books(world)
    reference = submit(world, maker(world), 500_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, world.holder("review2a"), reference, Act.REVIEW)
    assert (books(world).balance, books(world).payee) == (start.balance, start.payee)
    assert not Posting.objects.filter(reference=reference).exists()


@pytest.mark.req("ALR-2")
def test_each_stage_is_told_when_it_is_its_turn_and_the_end_is_told(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, world.holder("release1"), reference, Act.RELEASE)

    def told(event: str) -> set[str]:
        keys = Message.objects.filter(event=event).values_list("recipient_key", flat=True)
        return {login for login, user in world.first.people.items() if user.public_id in keys}

    assert told("approvals.request.reviewed") == {"release1", "release2"}
    assert told("approvals.request.released") == {"maker01", "release1"}


@pytest.mark.req("AUD-1")
def test_the_history_tells_every_step_with_who_and_what_was_signed(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.REVIEW)
    decide(world, world.holder("release1"), reference, Act.RETURN, "wrong payee")
    found = history(f"request:{reference}")
    assert [step.event.rsplit(".", 1)[1] for step in found] == [
        "drafted", "submitted", "reviewed", "returned",
    ]  # fmt: skip
    assert found[-1].reason == "wrong payee"
    assert found[-1].actor == world.first.people["release1"].public_id
    digests = set(Signature.objects.values_list("cms_sha256", flat=True))
    assert {step.after["signature"] for step in found[2:]} <= digests
    assert found[2].after["sha256"] == Revision.objects.get().sha256


# --- several people in one stage -----------------------------------------------------------------


@pytest.mark.req("FLOW-1")
def test_a_release_of_two_people_posts_with_the_second(world: World) -> None:
    only_rule(world, release_stage(1, needed=2))
    start = books(world)
    reference = submit(world, maker(world), 5_000)
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    assert row(reference).state == "PENDING"
    assert books(world).balance == start.balance
    may_not(Reason.ALREADY_ACTED, world, "release1", reference, Act.RELEASE)
    decide(world, world.holder("release2"), reference, Act.RELEASE)
    assert row(reference).state == "RELEASED"
    assert books(world).balance == start.balance - 5_000


@pytest.mark.req("FLOW-1")
def test_one_of_a_and_one_of_b(world: World) -> None:
    only_rule(world, review_stage(1, 1, needed=2, groups=("A", "B")), release_stage(2))
    for login, group in (("review1a", "A"), ("review1b", "B"), ("review2a", "A")):
        grant(world, login, REVIEWER, level=1, group=group)
    reference = submit(world, maker(world), 5_000)
    may_not(Reason.WRONG_ROLE, world, "review3a", reference, Act.REVIEW)
    decide(world, world.holder("review2a"), reference, Act.REVIEW)
    may_not(Reason.GROUP_FILLED, world, "review1a", reference, Act.REVIEW)
    assert row(reference).stage_number == 1
    decide(world, world.holder("review1b"), reference, Act.REVIEW)
    assert row(reference).stage_number == 2
    groups = Decision.objects.order_by("pk").values_list("group", flat=True)
    assert list(groups) == ["A", "B"]
    decide(world, world.holder("release1"), reference, Act.RELEASE)
    assert row(reference).state == "RELEASED"


@pytest.mark.req("SIGN-1")
def test_colleagues_of_one_stage_do_not_void_each_others_statements(world: World) -> None:
    only_rule(world, review_stage(1, 1, needed=2), release_stage(2))
    reference = submit(world, maker(world), 5_000)
    first = deed(world, world.holder("review1a"), reference, Act.REVIEW)
    second = deed(world, world.holder("review1b"), reference, Act.REVIEW)
    assert first() == second() == reference
    assert row(reference).stage_number == 2


# --- who may not ---------------------------------------------------------------------------------


@pytest.mark.req("DUAL-2")
@pytest.mark.parametrize("act", [Act.REVIEW, Act.RETURN, Act.REJECT])
def test_a_maker_never_decides_though_granted_a_reviewer(world: World, act: Act) -> None:
    grant(world, "maker01", REVIEWER, level=1)
    reference = submit(world, maker(world), 50_000)
    may_not(Reason.IS_MAKER, world, "maker01", reference, act, "a reason")


@pytest.mark.req("DUAL-2")
def test_a_maker_never_releases_though_granted_a_releaser(world: World) -> None:
    grant(world, "maker01", RELEASER)
    may_not(Reason.IS_MAKER, world, "maker01", submit(world, maker(world)), Act.RELEASE)


@pytest.mark.req("DUAL-2")
def test_who_edited_an_earlier_revision_never_decides_on_a_later_one(world: World) -> None:
    editor = grant(world, "maker02", REVIEWER, level=1)
    reference = submit(world, maker(world), 50_000)
    decide(world, world.holder("review1a"), reference, Act.RETURN, "wrong amount")
    edit(world, editor, reference)
    send(world, maker(world), reference)
    decide(world, world.holder("release1"), reference, Act.RETURN, "still wrong")
    edit(world, maker(world), reference, memo="third")
    send(world, maker(world), reference)
    may_not(None, world, "maker02", reference, Act.RETURN, "no")
    assert Revision.objects.filter(request__reference=reference).count() == 3


@pytest.mark.req("DUAL-2")
def test_a_reviewer_does_not_act_twice_whatever_they_are_granted(world: World) -> None:
    both = grant(world, "review1a", RELEASER)
    reference = submit(world, maker(world), 50_000)
    decide(world, both, reference, Act.REVIEW)
    for act in (Act.RELEASE, Act.RETURN, Act.REJECT):
        may_not(Reason.ALREADY_ACTED, world, "review1a", reference, act, "why not")
    may_not(Reason.OTHER_STAGE, world, "review1a", reference, Act.REVIEW)


@pytest.mark.req("FLOW-1")
@pytest.mark.parametrize("login", ["review2a", "review3a"])
def test_another_level_waits_or_has_no_place(world: World, login: str) -> None:
    reference = submit(world, maker(world), 500_000)
    may_not(Reason.WRONG_ROLE, world, login, reference, Act.REVIEW)


def test_a_releaser_cannot_release_before_the_reviews(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    may_not(Reason.OTHER_STAGE, world, "release1", reference, Act.RELEASE)
    may_not(Reason.WRONG_ROLE, world, "release1", reference, Act.RETURN, "why not")


@pytest.mark.req("DUAL-1")
def test_the_role_is_needed_by_name(world: World) -> None:
    reference = submit(world, maker(world), 50_000)
    for login in ("maker02", "release1", "security1"):
        holder = world.holder(login, card=False)
        with pytest.raises(PermissionMissing):
            sign(world, holder, reference, Act.REVIEW)


@pytest.mark.req("DUAL-1")
def test_another_companys_checker_finds_nothing(world: World) -> None:
    reference = submit(world, maker(world))
    stranger = world.holder("release1", world.second)
    with pytest.raises(RequestNotFound) as refused:
        sign(world, stranger, reference, Act.RELEASE)
    assert refused.value.status == 404
    own = deed(world, world.holder("release2"), reference, Act.RELEASE)
    foreign = deed(
        world, stranger, reference, Act.RELEASE,
        signed=sign(world, world.holder("release1"), reference, Act.RELEASE),
    )  # fmt: skip
    with pytest.raises(RequestNotFound):
        foreign()
    assert own() == reference


@pytest.mark.req("LIM-1", "ENT-3")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"cap": 4_999}, Reason.OVER_OWN_LIMIT),
        ({"counterparty": "999999999999"}, Reason.NO_ACCOUNT_RIGHT),
        ({"valid_until": timedelta(0)}, Reason.NO_ACCOUNT_RIGHT),
        ({"valid_from": timedelta(hours=1)}, Reason.NO_ACCOUNT_RIGHT),
    ],
)
def test_the_right_on_the_account_has_to_reach_that_far(
    world: World, changes: dict[str, object], reason: Reason
) -> None:
    reference = submit(world, maker(world), 5_000)
    moments = {
        name: world.now + value if isinstance(value, timedelta) else value
        for name, value in changes.items()
    }
    if "valid_until" in moments:
        moments["valid_from"] = world.now - timedelta(hours=1)
    rights = AccountRight.objects.filter(user=world.first.people["release1"])
    rights.filter(permission__codename="release_transfer").update(**moments)
    may_not(reason, world, "release1", reference, Act.RELEASE)
    decide(world, world.holder("release2"), reference, Act.RELEASE)


def test_without_a_card_nobody_signs(world: World) -> None:
    grant(world, "maker02", RELEASER, card=False)
    reference = submit(world, maker(world))
    with pytest.raises(NotForYou) as refused:
        sign(world, world.holder("maker02", card=False), reference, Act.RELEASE)
    assert refused.value.reasons == (Reason.NO_CERTIFICATE,)


# --- standing taken away between showing and sending ---------------------------------------------

TAKEN_AWAY: dict[str, Callable[[World], None]] = {
    "person suspended": lambda w: change(w.first.people["release1"], "suspend"),
    "person paused": lambda w: change(w.first.people["release1"], "pause"),
    "company suspended": lambda w: change(w.company, "suspend"),
    "branch suspended": lambda w: change(w.branch, "suspend"),
    "grant suspended": lambda w: change(
        Grant.objects.get(user=w.first.people["release1"]), "suspend"
    ),
    "grant closed": lambda w: change(Grant.objects.get(user=w.first.people["release1"]), "close"),
}


@pytest.mark.req("DEL-4", "SIGN-2")
@pytest.mark.parametrize("case", sorted(TAKEN_AWAY))
def test_a_standing_taken_away_after_signing_is_felt(world: World, case: str) -> None:
    reference = submit(world, maker(world))
    ready = deed(world, world.holder("release1"), reference, Act.RELEASE)
    TAKEN_AWAY[case](world)
    before = books(world)
    with pytest.raises(NotForYou) as refused:
        ready()
    assert Reason.NOT_IN_FORCE in refused.value.reasons
    assert row(reference).state == "PENDING"
    assert books(world) == before
