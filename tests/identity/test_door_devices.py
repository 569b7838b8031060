"""What is recorded of a sign-in's browser, place and hour; which passwords are asked for anew."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from audit.models import Entry
from identity.formats import session_digest
from identity.models import CompanyPolicy, KnownDevice, PasswordPolicy, Session, SignInPolicy, User
from identity.operations import SignInResult, sign_out, take_over
from identity.operations.devices import place_of
from identity.policies import SignInOutcome
from kernel.clock import TAIPEI
from tests.factories.door import attempt, figures
from tests.factories.world import World

DEVICE, OTHER_DEVICE = "d" * 43, "e" * 43
OFFICE, SAME_NETWORK, ELSEWHERE = "203.0.113.5", "203.0.113.77", "198.51.100.9"


def visit(world: World, **changes: object) -> tuple[Session, SignInResult]:
    """Sign in and out again; return the session that was."""
    result = attempt(world, **{"device": DEVICE, "address": OFFICE} | changes)
    assert result.outcome == SignInOutcome.SIGNED_IN
    session = Session.objects.get(key_sha256=session_digest(result.session_key))
    sign_out(key_sha256=session.pk, now=world.now)
    return session, result


@pytest.mark.req("AUTH-6")
def test_a_persons_very_first_device_is_not_new(world: World) -> None:
    session, _ = visit(world)
    assert (session.is_new_device, session.is_new_place, session.is_out_of_hours) == (False,) * 3
    assert session.device_sha256 == session_digest(DEVICE)
    known = KnownDevice.objects.get()
    assert (known.place, known.first_seen_at) == ("203.0.113.0/24", world.now)


@pytest.mark.req("AUTH-6")
@pytest.mark.parametrize(
    ("device", "address", "new_device", "new_place"),
    [
        (DEVICE, OFFICE, False, False),
        (DEVICE, SAME_NETWORK, False, False),
        (DEVICE, ELSEWHERE, False, True),
        (OTHER_DEVICE, OFFICE, True, False),
        (OTHER_DEVICE, ELSEWHERE, True, True),
        ("", OFFICE, True, False),
    ],
)
def test_another_device_and_another_place_are_marked(
    world: World, device: str, address: str, new_device: bool, new_place: bool
) -> None:
    visit(world)
    session, result = visit(world, device=device, address=address)
    assert (session.is_new_device, session.is_new_place) == (new_device, new_place)
    assert result.device == (device or result.device)
    assert len(result.device) >= 43
    # The second time nothing is new about it.
    session, _ = visit(world, device=result.device, address=address)
    assert (session.is_new_device, session.is_new_place) == (False, False)


@pytest.mark.req("AUTH-6")
def test_a_known_device_is_kept_once_with_when_it_was_last_seen(world: World) -> None:
    later = world.now + timedelta(days=3)
    visit(world)
    visit(world, now=later, agent="Browser/2")
    known = KnownDevice.objects.get()
    assert (known.first_seen_at, known.last_seen_at) == (world.now, later)
    assert known.agent == "Browser/2"
    assert DEVICE not in (known.device_sha256, known.place)


@pytest.mark.req("AUTH-6")
def test_another_persons_device_is_new_to_this_one(world: World) -> None:
    visit(world)
    visit(world, login_name="maker02", device=OTHER_DEVICE)
    session, _ = visit(world, device=OTHER_DEVICE)
    assert session.is_new_device


@pytest.mark.req("AUTH-6")
def test_a_refused_sign_in_makes_no_device_known(world: World) -> None:
    attempt(world, password="wrong", device=DEVICE)
    assert not KnownDevice.objects.exists()


@pytest.mark.req("AUTH-6")
@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("203.0.113.255", "203.0.113.0/24"),
        ("::ffff:203.0.113.5", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("", ""),
        ("somewhere", "somewhere"),
    ],
)
def test_a_place_is_a_network(address: str, place: str) -> None:
    assert place_of(address) == place


@pytest.mark.req("AUTH-6")
@pytest.mark.parametrize(
    ("hour", "unusual"),
    [(time(8, 29), True), (time(8, 30), False), (time(17, 59), False), (time(18), True)],
)
def test_hours_are_the_companys_own_in_taipei(world: World, hour: time, unusual: bool) -> None:
    CompanyPolicy.objects.create(
        company=world.company, usual_from=time(8, 30), usual_until=time(18)
    )
    local = world.now.astimezone(TAIPEI).replace(hour=hour.hour, minute=hour.minute, second=0)
    session, _ = visit(world, now=local)
    assert session.is_out_of_hours is unusual


@pytest.mark.req("AUTH-6")
def test_where_no_hours_are_set_every_hour_is_usual(world: World) -> None:
    CompanyPolicy.objects.create(company=world.company)
    assert not visit(world)[0].is_out_of_hours
    staff, _ = visit(world, site="staff", company_code="", login_name="branch001")
    assert not staff.is_out_of_hours


@pytest.mark.req("PWD-1")
def test_a_password_past_its_days_is_asked_for_anew_at_that_sign_in(world: World) -> None:
    user = User.objects.get(pk=world.first.people["maker01"].pk)
    days = PasswordPolicy.objects.get().days_valid
    for age, must in ((days - 1, False), (days, True)):
        User.objects.filter(pk=user.pk).update(password_set_at=world.now - timedelta(days=age))
        visit(world)
        user.refresh_from_db()
        assert user.must_change_password is must, age
    assert Entry.objects.filter(event="identity.user.password_expired").count() == 1


@pytest.mark.req("AUTH-3")
def test_where_the_policy_says_so_the_second_is_told_and_may_not_end_the_first(
    world: World,
) -> None:
    attempt(world, address=ELSEWHERE)
    first = Session.objects.get()
    earlier = attempt(world)
    assert earlier.other_sha256 == first.pk
    with figures(second_sign_in=SignInPolicy.Second.REFUSE):
        told = attempt(world)
        assert told.outcome == SignInOutcome.ELSEWHERE
        assert (told.since, told.address, told.other_sha256) == (world.now, ELSEWHERE, "")
        taken = take_over(
            site="enterprise", public_id=world.first.people["maker01"].public_id,
            other_sha256=earlier.other_sha256, address=OFFICE, agent="", now=world.now,
        )  # fmt: skip
    assert taken.outcome == SignInOutcome.REFUSED
    assert Session.objects.get().ended_at is None
