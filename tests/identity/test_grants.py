"""Which grants count now: their own state and period, and the standing of person, home, branch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from audit.errors import OutsideTransaction
from audit.models import Entry
from identity.errors import PermissionMissing, StandingChanged
from identity.models import Grant, Role, Unit, User
from identity.operations import grant_role, hold_standing
from identity.permissions import check
from identity.queries import grants_of, members, permissions_of
from tests.factories.threads import at_once
from tests.factories.world import World

LOGIN = "review1a"
HOUR = timedelta(hours=1)


def person(world: World) -> User:
    return User.objects.get(pk=world.first.people[LOGIN].pk)


def the_grant(world: World) -> Grant:
    return Grant.objects.get(user=person(world))


def do(row: Grant | User | Unit, verb: str) -> None:
    getattr(row, verb)()
    row.save()


def for_period(world: World, start: timedelta, end: timedelta | None) -> None:
    until = None if end is None else world.now + end
    Grant.objects.filter(user=person(world)).update(valid_from=world.now + start, valid_until=until)


CASES: dict[str, tuple[Callable[[World], None], bool]] = {
    "as given": (lambda world: None, True),
    "begins now": (lambda world: for_period(world, 0 * HOUR, None), True),
    "begins later": (lambda world: for_period(world, HOUR, None), False),
    "ends later": (lambda world: for_period(world, -HOUR, HOUR), True),
    "ends now": (lambda world: for_period(world, -HOUR, 0 * HOUR), False),
    "has ended": (lambda world: for_period(world, -2 * HOUR, -HOUR), False),
    "grant suspended": (lambda world: do(the_grant(world), "suspend"), False),
    "grant closed": (lambda world: do(the_grant(world), "close"), False),
    "person paused": (lambda world: do(person(world), "pause"), False),
    "person suspended": (lambda world: do(person(world), "suspend"), False),
    "person closed": (lambda world: do(person(world), "close"), False),
    "company suspended": (lambda world: do(world.company, "suspend"), False),
    "company closed": (lambda world: do(world.company, "close"), False),
    "branch suspended": (lambda world: do(world.branch, "suspend"), False),
    "branch closed": (lambda world: do(world.branch, "close"), False),
}


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize("case", sorted(CASES))
def test_every_reading_agrees_whether_a_grant_is_in_force(world: World, case: str) -> None:
    arrange, in_force = CASES[case]
    arrange(world)
    user = person(world)
    assert ("approvals.request.review" in permissions_of(user.pk, now=world.now)) is in_force
    found = grants_of(user.pk, now=world.now)
    assert bool(found) is in_force
    assert [(grant.role, grant.level) for grant in found.values()] == (
        [("ent.finance.reviewer", 1)] if in_force else []
    )
    (member,) = members(user.home, now=world.now, user_ids=[user.pk]) or [None]
    assert bool(member and member.grants) is in_force


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize("verb", ["suspend", "close"])
def test_staff_lose_their_roles_with_their_unit(world: World, verb: str) -> None:
    user = world.staff["branch001"]
    assert permissions_of(user.pk, now=world.now)
    do(world.branch, verb)
    assert permissions_of(user.pk, now=world.now) == frozenset()


@pytest.mark.req("DEL-4")
def test_what_is_restored_counts_again(world: World) -> None:
    do(the_grant(world), "suspend")
    do(the_grant(world), "restore")
    assert grants_of(person(world).pk, now=world.now)


def test_a_permission_nobody_granted_is_missing_by_name(world: World) -> None:
    actor = world.holder(LOGIN, card=False).act_as(world.now)
    check(actor, "approvals.request.review")
    with pytest.raises(PermissionMissing) as refused:
        check(actor, "approvals.request.submit")
    assert refused.value.facts == {"permission": "approvals.request.submit"}


def test_a_grant_is_recorded_in_its_persons_chain(world: World) -> None:
    user, giver = person(world), world.first.people["security2"]
    grant_role(
        user=user, role_code="ent.finance.releaser", parent=None, granted_by=giver, now=world.now
    )
    entry = Entry.objects.filter(event="identity.grant.given").latest("id")
    assert entry.chain == f"company:{world.company.code}"
    assert entry.after["role"] == "ent.finance.releaser"


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"level": 4}, "identity_grant_level"),
        ({"period": (HOUR, 0 * HOUR)}, "identity_grant_period"),
        ({"to_self": True}, "identity_grant_not_to_self"),
        ({"twice": True}, "identity_grant_once"),
    ],
)
def test_the_database_refuses_a_grant_that_cannot_be(
    world: World, changes: dict[str, object], constraint: str
) -> None:
    user = person(world)
    role = Role.objects.get(code="ent.finance.reviewer")
    grant = Grant(user=user, role=role, level=2, valid_from=world.now)
    if "level" in changes:
        grant.level = 4
    if "period" in changes:
        grant.valid_from, grant.valid_until = world.now + HOUR, world.now
    if "to_self" in changes:
        grant.granted_by = user
    if "twice" in changes:
        grant.level = 1
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        grant.save(force_insert=True)


# --- holding a standing until the act commits -------------------------------------------------


@pytest.mark.req("DEL-4")
def test_a_standing_that_still_stands_is_held(world: World) -> None:
    user = person(world)
    hold_standing(actor=user, grant_ids=frozenset(grants_of(user.pk, now=world.now)))


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize(
    "case",
    [
        case
        for case in sorted(CASES)
        if case.startswith(("grant ", "person ", "company ", "branch "))
    ],
)
def test_a_right_taken_away_after_it_was_judged_is_felt(world: World, case: str) -> None:
    user = person(world)
    judged = frozenset(grants_of(user.pk, now=world.now))
    CASES[case][0](world)
    with pytest.raises(StandingChanged):
        hold_standing(actor=user, grant_ids=judged)


def test_holding_a_standing_is_a_step(open_world: World) -> None:
    with pytest.raises(OutsideTransaction):
        hold_standing(actor=person(open_world), grant_ids=frozenset({1}))


@pytest.mark.req("DEL-4")
def test_a_suspension_waits_for_the_act_that_holds_the_standing(open_world: World) -> None:
    world = open_world
    user = person(world)
    judged = frozenset(grants_of(user.pk, now=world.now))

    def suspend_within_patience() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '50ms'")
        try:
            do(person(world), "suspend")
        except Exception as refused:  # noqa: BLE001 - whichever way the database says it
            return str(refused)
        finally:
            connection.close()
        return "suspended"

    with transaction.atomic():
        hold_standing(actor=user, grant_ids=judged)
        (during,) = at_once([suspend_within_patience])
    (after,) = at_once([suspend_within_patience])
    assert "lock timeout" in str(during)
    assert after == "suspended"


def test_two_acts_of_one_person_hold_their_standing_side_by_side(open_world: World) -> None:
    world = open_world
    user = person(world)
    judged = frozenset(grants_of(user.pk, now=world.now))

    def hold() -> str:
        with transaction.atomic():
            hold_standing(actor=user, grant_ids=judged)
            return "held"

    with transaction.atomic():
        hold_standing(actor=user, grant_ids=judged)
        assert at_once([hold, hold]) == ["held", "held"]
