"""The IT security pair is let in again by two operators at the host, and everybody hears of it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from alerts.models import Message
from audit.models import Entry
from identity.models import ContactPoint, Grant, OneTimeCode, Passkey, Session, User
from identity.states import UserState
from kernel.errors import DomainError
from tests.factories.helping import code_sent_to
from tests.factories.http import Browser
from tests.factories.sites import staff_settings
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-9")]
EVENT = "identity.user.renewed_by_operators"
LOST = "security01"


def number(world: World, login: str) -> str:
    people = world.staff if login in world.staff else world.first.people
    return str(people[login].public_id)


def run(
    world: World, person: str = LOST, *operators: str, reason: str = "both devices lost"
) -> dict[str, str]:
    """Run the command as an operator does and return its answer."""
    out = io.StringIO()
    named = [f"--operator={number(world, one)}" for one in operators]
    call_command(
        "renew_it_credentials", f"--person={number(world, person)}", *named,
        f"--reason={reason}", "--json", stdout=out,
    )  # fmt: skip
    return dict(json.loads(out.getvalue()))


@contextmanager
def refusal(why: str, status: int = 1) -> Iterator[None]:
    """Expect the command to end with this exit status and for this reason."""
    with pytest.raises(CommandError) as refused:
        yield
    assert refused.value.returncode == status
    cause = refused.value.__cause__
    assert why in (cause.code if isinstance(cause, DomainError) else str(refused.value))


def pause_the_pair(world: World) -> None:
    User.objects.filter(login_name__in=("security01", "security02")).update(
        state=UserState.PAUSED, wrong_passwords=3
    )


def test_the_pair_that_is_locked_out_is_let_in_again(world: World, settings: Any) -> None:
    for name, value in staff_settings().items():
        setattr(settings, name, value)
    Browser.officer(world, LOST)
    pause_the_pair(world)
    told = run(world, LOST, "branch001", "auditor001")
    person = User.objects.get(login_name=LOST)
    assert (told["person"], person.state, person.wrong_passwords) == (person.public_id, "ACTIVE", 0)
    assert not person.has_usable_password()
    assert person.must_change_password
    assert code_sent_to(person)
    assert not Session.objects.filter(user=person, ended_at=None).exists()
    assert not Passkey.objects.filter(user=person, ended_at=None).exists()


def test_one_entry_names_both_operators_and_the_reason(world: World) -> None:
    told = run(world, LOST, "branch001", "auditor001")
    entry = Entry.objects.get(event=EVENT)
    operators = [number(world, "branch001"), number(world, "auditor001")]
    assert entry.after == {"operators": operators, "reference": told["reference"]}
    assert (entry.actor, entry.reason) == ("system", "both devices lost")
    assert entry.target == f"user:{number(world, LOST)}"
    code = code_sent_to(User.objects.get(login_name=LOST))
    assert not any(code in f"{row.before}{row.after}{row.reason}" for row in Entry.objects.all())


def test_it_security_the_auditors_and_both_operators_are_told_but_not_the_person(
    world: World,
) -> None:
    pause_the_pair(world)
    run(world, LOST, "branch001", "auditor001")
    told = Message.objects.filter(event=EVENT)
    readers = {"security02", "auditor001", "branch001"}
    assert set(told.values_list("recipient_key", flat=True)) == {
        number(world, one) for one in readers
    }
    letter = told.filter(channel="email").first()
    assert letter is not None
    for words in ("方俊宏", "稽核員", "both devices lost"):
        assert words in letter.body
    again = run(world, LOST, "branch001", "auditor001", reason="once more")
    assert Message.objects.filter(event=EVENT, body__contains=again["reference"]).exists()


def test_a_colleague_of_it_security_may_vouch_too(world: World) -> None:
    run(world, LOST, "security02", "branch001")
    assert OneTimeCode.objects.filter(user__login_name=LOST, purpose="activation").exists()


@pytest.mark.parametrize(
    ("person", "operators", "why"),
    [
        ("branch001", ("auditor001", "security02"), "not_it_security"),
        ("auditor001", ("branch001", "security02"), "not_it_security"),
        ("maker01", ("auditor001", "security02"), "not_it_security"),
        (LOST, ("auditor001", "auditor001"), "two_operators"),
        (LOST, ("auditor001", LOST), "own_case"),
        (LOST, ("auditor001", "maker01"), "unknown_operator"),
        (LOST, ("branch001", "branch002"), "no_watcher"),
        (LOST, ("auditor001",), "twice"),
        (LOST, ("auditor001", "branch001", "security02"), "twice"),
    ],
)
def test_nobody_else_and_by_nobody_else(
    world: World, person: str, operators: tuple[str, ...], why: str
) -> None:
    before = list(User.objects.order_by("pk").values_list("password", "state"))
    with refusal(why, status=2 if why == "twice" else 1):
        run(world, person, *operators)
    assert list(User.objects.order_by("pk").values_list("password", "state")) == before
    assert not OneTimeCode.objects.exists()
    assert not Message.objects.filter(event=EVENT).exists()


@pytest.mark.parametrize("state", [UserState.PAUSED, UserState.SUSPENDED, UserState.CLOSED])
def test_who_is_not_active_vouches_for_nobody(world: World, state: UserState) -> None:
    User.objects.filter(login_name="auditor001").update(state=state)
    with refusal("unknown_operator"):
        run(world, LOST, "auditor001", "security02")


def test_a_role_that_is_not_in_force_watches_over_nothing(world: World) -> None:
    Grant.objects.filter(user__login_name="auditor001").update(state="SUSPENDED")
    with refusal("no_watcher"):
        run(world, LOST, "auditor001", "branch001")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "a\u202eb", "a\x00b"])
def test_a_reason_is_said_and_can_be_read(world: World, reason: str) -> None:
    with pytest.raises(CommandError):
        run(world, LOST, "auditor001", "branch001", reason=reason)
    assert not Entry.objects.filter(event=EVENT).exists()


@pytest.mark.parametrize("state", [UserState.SUSPENDED, UserState.CLOSED])
def test_a_suspension_is_not_lifted_this_way(world: World, state: UserState) -> None:
    User.objects.filter(login_name=LOST).update(state=state)
    with pytest.raises(CommandError):
        run(world, LOST, "auditor001", "branch001")
    assert User.objects.get(login_name=LOST).state == state


def test_without_a_registered_phone_nothing_changes(world: World) -> None:
    ContactPoint.objects.filter(user__login_name=LOST, channel="sms").delete()
    with refusal("nowhere"):
        run(world, LOST, "auditor001", "branch001")
    assert User.objects.get(login_name=LOST).has_usable_password()
