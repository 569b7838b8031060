"""First use or a forgotten password: the code from the phone, one answer, exact counts (AUTH-9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from django.test import override_settings

from alerts.models import Message
from audit.models import Entry
from identity.errors import DoorShut, PasswordRefused, TooManyTries, WeakPassword
from identity.models import FormerPassword, OneTimeCode, Session, SignInPolicy, User
from identity.operations import (
    ActivationOutcome,
    activate,
    change_password,
    count_activation,
    sign_in,
)
from identity.policies import SignInOutcome
from identity.states import UserState
from tests.factories.counting import counted_hashes, counted_statements, shape
from tests.factories.helping import renew
from tests.factories.threads import at_once
from tests.factories.world import FIRST, PASSWORD, SECOND, World

LOGIN, NEW = "maker01", "Battery9staple"
O = ActivationOutcome  # noqa: E741 - the column of a table


def person(world: World) -> User:
    return User.objects.select_related("company", "unit").get(pk=world.first.people[LOGIN].pk)


def attempt(world: World, **changes: Any) -> ActivationOutcome:
    facts: dict[str, Any] = {
        "site": "enterprise", "company_code": FIRST.code, "login_name": LOGIN, "code": "WRONG",
        "new": NEW, "now": world.now,
    }  # fmt: skip
    return activate(**facts | changes)


def enter(world: World, password: str, at: timedelta = timedelta(0)) -> SignInOutcome:
    return sign_in(
        site="enterprise", company_code=FIRST.code, login_name=LOGIN, password=password,
        address="203.0.113.5", agent="Browser/1", now=world.now + at,
    ).outcome  # fmt: skip


@pytest.mark.req("AUTH-9")
def test_the_code_lets_the_person_choose_a_password_and_sign_in(world: World) -> None:
    code = renew(world, person(world))
    assert attempt(world, code=code) == O.ACTIVATED
    found = person(world)
    assert check_password(NEW, found.password)
    assert not found.must_change_password
    assert (found.wrong_passwords, found.password_set_at) == (0, world.now)
    assert enter(world, NEW) == SignInOutcome.SIGNED_IN
    told = Message.objects.filter(event="identity.user.password_changed")
    assert sorted(told.values_list("channel", flat=True)) == ["email", "sms"]


@pytest.mark.req("AUTH-9")
def test_a_code_is_read_as_people_type_it(world: World) -> None:
    code = renew(world, person(world))
    assert attempt(world, code=f" {code[:4].lower()}-{code[4:].lower()} ") == O.ACTIVATED


@pytest.mark.req("AUTH-9", "SES-2")
def test_whoever_is_signed_in_by_the_old_password_is_signed_out(world: World) -> None:
    code = renew(world, person(world))
    User.objects.filter(pk=person(world).pk).update(password=world.first.people[LOGIN].password)
    assert enter(world, PASSWORD) == SignInOutcome.SIGNED_IN
    assert attempt(world, code=code) == O.ACTIVATED
    assert not Session.objects.filter(ended_at__isnull=True).exists()


@pytest.mark.req("AUTH-9")
def test_a_used_code_opens_nothing_again(world: World) -> None:
    code = renew(world, person(world))
    attempt(world, code=code)
    assert attempt(world, code=code, new="Another9staple") == O.REFUSED
    assert check_password(NEW, person(world).password)


@pytest.mark.req("AUTH-9")
def test_the_code_of_an_older_request_opens_nothing(world: World) -> None:
    older = renew(world, person(world))
    newer = renew(world, person(world), "N2")
    assert attempt(world, code=older) == O.REFUSED
    assert attempt(world, code=newer) == O.ACTIVATED


@pytest.mark.req("AUTH-9")
@pytest.mark.parametrize(
    "changes",
    [
        {"company_code": SECOND.code},
        {"login_name": "maker02"},
        {"site": "staff", "company_code": ""},
        {"company_code": ""},
    ],
)
def test_a_code_opens_its_own_person_s_door_only(world: World, changes: dict[str, str]) -> None:
    code = renew(world, person(world))
    assert attempt(world, code=code, **changes) == O.REFUSED
    assert attempt(world, code=code) == O.ACTIVATED


@pytest.mark.req("AUTH-9")
def test_a_code_runs_out(world: World) -> None:
    code = renew(world, person(world))
    late = world.now + timedelta(hours=24)
    assert attempt(world, code=code, now=late) == O.REFUSED
    assert attempt(world, code=code, now=late - timedelta(seconds=1)) == O.ACTIVATED


@pytest.mark.req("AUTH-9")
def test_after_the_third_wrong_code_the_right_one_is_dead(world: World) -> None:
    code = renew(world, person(world))
    for _ in range(3):
        assert attempt(world) == O.REFUSED
    assert attempt(world, code=code) == O.REFUSED
    assert OneTimeCode.objects.get().tries_left == 0


@pytest.mark.req("PWD-1", "AUTH-9")
def test_a_weak_password_does_not_cost_the_code(world: World) -> None:
    code = renew(world, person(world))
    with pytest.raises(WeakPassword) as weak:
        attempt(world, code=code, new="short1")
    assert weak.value.reason == PasswordRefused.TOO_SHORT
    assert attempt(world, code=code) == O.ACTIVATED


@pytest.mark.req("PWD-1")
def test_a_weak_password_tells_nothing_of_who_there_is(world: World) -> None:
    renew(world, person(world))
    for changes in ({}, {"login_name": "nobody"}, {"company_code": "99999999"}):
        with pytest.raises(WeakPassword):
            attempt(world, new="short1", **changes)
    assert OneTimeCode.objects.get().tries_left == 3


@pytest.mark.req("PWD-1")
def test_passwords_before_the_forgotten_one_do_not_come_back(world: World) -> None:
    first, second = "Battery9one", "Battery9two"
    for old, new in ((PASSWORD, first), (first, second)):
        change_password(actor=person(world), old=old, new=new, now=world.now)
    assert FormerPassword.objects.filter(user=person(world)).count() == 2
    for number, used in enumerate((first, second)):
        code = renew(world, person(world), f"N{number}")
        with pytest.raises(WeakPassword) as refused:
            attempt(world, code=code, new=used)
        assert refused.value.reason == PasswordRefused.USED_BEFORE
    assert attempt(world, code=code) == O.ACTIVATED


@pytest.mark.req("AUTH-2")
def test_somebody_paused_meanwhile_stays_paused(world: World) -> None:
    code = renew(world, person(world))
    for _ in range(3):
        enter(world, "wrong")
    assert attempt(world, code=code) == O.ACTIVATED
    found = person(world)
    assert (found.state, found.wrong_passwords) == (UserState.PAUSED, 3)
    assert enter(world, NEW) == SignInOutcome.PAUSED


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize("verb", ["suspend", "close"])
def test_somebody_suspended_or_gone_chooses_nothing(world: World, verb: str) -> None:
    code = renew(world, person(world))
    user = person(world)
    getattr(user, verb)()
    user.save()
    assert attempt(world, code=code) == O.REFUSED
    assert not check_password(NEW, person(world).password)


PATHS: dict[str, dict[str, Any]] = {
    "unknown company": {"company_code": "99999999"},
    "unknown name": {"login_name": "nobody"},
    "no code": {"login_name": "maker02"},
    "wrong code": {},
    "old code": {"login_name": "review1a"},
    "suspended": {"login_name": "review1b"},
}


@pytest.mark.req("AUTH-1", "AUTH-9")
def test_every_path_without_a_right_code_does_the_same_work(world: World) -> None:
    renew(world, person(world))
    renew(world, world.first.people["review1a"])
    OneTimeCode.objects.filter(user=world.first.people["review1a"]).update(
        created_at=world.now - timedelta(days=2), expires_at=world.now - timedelta(days=1)
    )
    renew(world, world.first.people["review1b"])
    User.objects.filter(pk=world.first.people["review1b"].pk).update(state="SUSPENDED")
    attempt(world, login_name="nobody")  # the chains are there
    work = {}
    for name, changes in PATHS.items():
        with counted_hashes() as hashes, counted_statements() as statements:
            assert attempt(world, **changes) == O.REFUSED
        work[name] = (hashes, [shape(statement) for statement in statements])
    assert work["wrong code"][0] == [0]
    for name, done in work.items():
        assert done == work["wrong code"], name


@pytest.mark.req("AUTH-9")
def test_of_fifty_guesses_at_the_same_moment_three_count(open_world: World) -> None:
    world = open_world
    code = renew(world, person(world))

    def guess() -> list[ActivationOutcome]:
        return [attempt(world, code="AAAAAAAA") for _ in range(5)]

    results = at_once([guess] * 10)
    assert results == [[O.REFUSED] * 5] * 10
    assert OneTimeCode.objects.get().tries_left == 0
    refused = Entry.objects.filter(event="identity.code.refused")
    assert sorted(refused.values_list("reason", flat=True)).count("wrong") == 3
    assert refused.count() == 50
    assert attempt(world, code=code) == O.REFUSED


@pytest.mark.req("AUTH-9")
def test_the_right_code_typed_eight_times_at_once_is_good_once(open_world: World) -> None:
    world = open_world
    code = renew(world, person(world))
    results = at_once([lambda: attempt(world, code=code)] * 8)
    assert [result for result in results if result == O.ACTIVATED] == [O.ACTIVATED]


def counted(world: World, login_name: str = LOGIN, address: str = "203.0.113.5") -> None:
    count_activation(
        site="enterprise", company_code=FIRST.code, login_name=login_name, address=address,
        now=world.now,
    )  # fmt: skip


@pytest.mark.req("AUTH-10")
@pytest.mark.parametrize("known", [LOGIN, "nobody"])
def test_an_account_is_tried_so_often_only_whether_or_not_it_is_there(
    world: World, known: str
) -> None:
    SignInPolicy.objects.update(account_limit=5)
    for number in range(5):
        counted(world, known, f"203.0.113.{number}")
    with pytest.raises(TooManyTries):
        counted(world, known, "203.0.113.99")
    entry = Entry.objects.get(event="identity.code.refused")
    assert (entry.actor, entry.reason) == ("unknown", "identity.too_many_tries")
    counted(world, "review1a")


@pytest.mark.req("AUTH-10")
def test_an_address_tries_so_often_only(world: World) -> None:
    SignInPolicy.objects.update(address_limit=5)
    for number in range(5):
        counted(world, f"name{number}")
    with pytest.raises(TooManyTries):
        counted(world)
    counted(world, address="203.0.113.99")


@pytest.mark.req("AUTH-10")
def test_where_nothing_can_be_counted_nobody_tries(world: World) -> None:
    with override_settings(REDIS_URL="redis://127.0.0.1:1/0"), pytest.raises(DoorShut):
        counted(world)


@pytest.mark.req("ALR-1")
def test_whoever_changes_the_password_is_told_on_every_channel(world: World) -> None:
    change_password(actor=person(world), old=PASSWORD, new=NEW, now=world.now)
    told = Message.objects.filter(event="identity.user.password_changed")
    assert sorted(told.values_list("channel", "recipient_key")) == [
        ("email", person(world).public_id), ("sms", person(world).public_id),
    ]  # fmt: skip
