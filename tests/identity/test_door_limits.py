"""How often the door may be tried, who is told of guessing, and what goes on without a memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from alerts.models import Message
from audit.models import Entry
from identity.errors import DoorShut, TooManyTries
from identity.gateways import short_memory
from identity.models import Session, User
from identity.operations import SignInResult, take_over
from identity.operations.limits import line_of
from identity.policies import SignInOutcome
from identity.states import UserState
from kernel.errors import DomainError
from tests.factories.counting import counted_hashes, counted_texts
from tests.factories.door import PLENTY, attempt, dead_memory, figures
from tests.factories.http import ADDRESS, Browser, sign_in, words_of
from tests.factories.threads import at_once
from tests.factories.world import FIRST, SECOND, World

LOGIN = "maker01"
HERE = "203.0.113.5"


def person(world: World) -> User:
    return User.objects.get(pk=world.first.people[LOGIN].pk)


@pytest.fixture
def few_for_one_account() -> Iterator[None]:
    """Let one account be tried five times."""
    with figures(account_limit=5, address_limit=PLENTY):
        yield


@pytest.mark.req("AUTH-10")
@pytest.mark.parametrize("login", [LOGIN, "nobody"])
@pytest.mark.usefixtures("world", "few_for_one_account")
def test_an_account_is_tried_a_few_times_whether_it_exists_or_not(world: World, login: str) -> None:
    for number in range(5):
        result = attempt(world, login_name=login, password="wrong", address=f"198.51.100.{number}")
        assert result.outcome == SignInOutcome.REFUSED
    counted = person(world).wrong_passwords
    with counted_hashes() as hashes, pytest.raises(TooManyTries) as refusal:
        attempt(world, login_name=login.upper(), password="wrong", address="198.51.100.99")
    assert hashes == [0]
    assert refusal.value.status == 429
    assert person(world).wrong_passwords == counted
    # Another account is not concerned, and neither is the same name of another company.
    assert attempt(world, login_name="maker02").outcome == SignInOutcome.SIGNED_IN
    assert attempt(world, company_code=SECOND.code).outcome == SignInOutcome.SIGNED_IN


@pytest.mark.req("AUTH-10")
@pytest.mark.usefixtures("few_for_one_account")
def test_being_turned_away_is_the_same_work_for_known_and_unknown(world: World) -> None:
    work = {}
    for login in (LOGIN, "nobody"):
        for _ in range(5):
            attempt(world, login_name=login, password="wrong")
        with counted_texts() as texts, pytest.raises(TooManyTries):
            attempt(world, login_name=login, password="wrong")
        work[login] = texts
    assert work[LOGIN] == work["nobody"]
    assert "identity_user" not in " ".join(work[LOGIN])


@pytest.mark.req("AUTH-8", "AUTH-10")
@pytest.mark.usefixtures("few_for_one_account")
def test_who_is_turned_away_stands_in_the_log_without_a_name(world: World) -> None:
    for _ in range(5):
        attempt(world)
    with pytest.raises(TooManyTries):
        attempt(world)
    entry = Entry.objects.order_by("-pk").first()
    assert entry is not None
    assert (entry.event, entry.actor) == ("identity.session.opened.refused", "unknown")
    assert entry.reason == "identity.too_many_tries"


@pytest.mark.req("AUTH-8", "AUTH-10")
@pytest.mark.parametrize("login", [LOGIN, "nobody"])
@pytest.mark.usefixtures("few_for_one_account")
def test_of_a_window_the_first_that_is_turned_away_is_written_and_the_rest_are_counted(
    world: World, login: str
) -> None:
    for _ in range(5):
        attempt(world, login_name=login, password="wrong")
    for _ in range(4):
        with pytest.raises(TooManyTries):
            attempt(world, login_name=login, password="wrong")
    refused = Entry.objects.filter(event="identity.session.opened.refused")
    assert refused.filter(reason="identity.too_many_tries").count() == 1
    assert refused.count() == 6


@pytest.mark.req("AUTH-8", "AUTH-10")
def test_many_who_are_turned_away_at_once_write_one_line(open_world: World) -> None:
    with figures(account_limit=5, address_limit=PLENTY, alarm_after=100):
        at_once([lambda: attempt(open_world, login_name="nobody")] * 15)
    assert Entry.objects.filter(reason="identity.too_many_tries").count() == 1


@pytest.mark.req("AUTH-10")
def test_one_address_tries_a_few_times_whatever_names_it_tries(world: World) -> None:
    with figures(address_limit=5):
        for number in range(5):
            attempt(world, login_name=f"nobody{number}")
        with pytest.raises(TooManyTries):
            attempt(world)
        assert attempt(world, address="203.0.113.6").outcome == SignInOutcome.SIGNED_IN


@pytest.mark.req("AUTH-10")
@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("::ffff:203.0.113.5", "203.0.113.5"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_an_ipv6_customer_counts_as_one_address(address: str, line: str) -> None:
    assert line_of(address) == line


@pytest.mark.req("AUTH-10")
@pytest.mark.usefixtures("world")
def test_the_counters_know_no_name_and_no_address(world: World) -> None:
    attempt(world)
    keys = b" ".join(short_memory()._client.keys("*"))  # type: ignore[attr-defined]
    assert keys.count(b"corpbank:door:") == 2
    for told in (LOGIN, FIRST.code, HERE):
        assert told.encode() not in keys


@pytest.mark.req("AUTH-10")
def test_the_limit_holds_to_the_last_try_when_many_come_at_once(open_world: World) -> None:
    world = open_world
    with figures(account_limit=20, address_limit=PLENTY, alarm_after=100):
        results = at_once([lambda: attempt(world, password="wrong")] * 30)
    assert sum(isinstance(result, SignInResult) for result in results) == 20
    turned_away = [result for result in results if isinstance(result, DomainError)]
    assert {error.code for error in turned_away} == {"identity.too_many_tries"}
    assert person(world).wrong_passwords == 20


@pytest.mark.req("AUTH-10")
@pytest.mark.usefixtures("few_for_one_account")
def test_the_page_says_so_in_the_same_words_to_everybody(world: World) -> None:
    pages = {}
    for login in (LOGIN, "nobody"):
        for _ in range(6):
            answer = sign_in(Client(HTTP_ACCEPT_LANGUAGE="en"), FIRST.code, login, "wrong")
        assert answer.status_code == 429
        pages[login] = words_of(answer)
    assert "There were too many tries. Please wait 10 minutes and try again." in pages[LOGIN]
    assert pages[LOGIN] == pages["nobody"]


@pytest.mark.req("AUTH-10")
def test_without_a_memory_nobody_comes_in_and_who_is_in_stays(world: World) -> None:
    inside = Browser.of(world, "maker02")
    with dead_memory():
        with counted_hashes() as hashes, pytest.raises(DoorShut):
            attempt(world)
        assert hashes == [0]
        answer = sign_in(Client(HTTP_ACCEPT_LANGUAGE="en"), FIRST.code, LOGIN)
        assert answer.status_code == 503
        assert "Signing in is not possible at the moment." in words_of(answer)
        assert 'name="password"' in answer.content.decode()
        assert inside.get("enterprise:home").status_code == 200
        assert inside.post("enterprise:stay").status_code == 204
        assert inside.post("enterprise:sign_out").status_code == 302
    assert Entry.objects.filter(reason="identity.door_shut").count() == 2
    assert attempt(world).outcome == SignInOutcome.SIGNED_IN


@pytest.mark.req("AUTH-3", "AUTH-10")
def test_without_a_memory_nobody_takes_a_sessions_place(world: World) -> None:
    attempt(world, address=ADDRESS)
    told = attempt(world)
    with dead_memory(), pytest.raises(DoorShut):
        take_over(
            site="enterprise", public_id=person(world).public_id, other_sha256=told.other_sha256,
            address=HERE, agent="", now=world.now,
        )  # fmt: skip
    assert Session.objects.get().ended_at is None


@pytest.mark.req("AUTH-2")
def test_the_twentieth_wrong_password_is_told_to_the_administrators_once(world: World) -> None:
    told = Message.objects.filter(event="identity.user.guessed")
    for _ in range(19):
        attempt(world, password="wrong")
    assert person(world).state == UserState.PAUSED
    assert not told.exists()
    for _ in range(3):
        attempt(world, password="wrong")
    readers = {
        *(world.first.people[login].public_id for login in ("security1", "security2")),
        *(world.staff[login].public_id for login in ("security01", "security02")),
    }
    assert set(told.values_list("recipient_key", flat=True)) == readers
    assert told.count() == 2 * len(readers)
    body = told.filter(channel="email").values_list("body", flat=True)[0]
    assert person(world).display_name in body
    assert LOGIN not in body


@pytest.mark.req("AUTH-2")
def test_guessing_at_a_person_of_the_bank_is_told_to_its_own_administrators(world: World) -> None:
    with figures(pause_after=1, alarm_after=2):
        for _ in range(2):
            attempt(world, site="staff", company_code="", login_name="branch001", password="wrong")
    told = Message.objects.filter(event="identity.user.guessed")
    assert set(told.values_list("recipient_key", flat=True)) == {
        world.staff[login].public_id for login in ("security01", "security02")
    }


@pytest.mark.req("AUTH-2")
def test_a_figure_that_is_lowered_below_the_count_is_told_with_the_next_guess(world: World) -> None:
    told = Message.objects.filter(event="identity.user.guessed", channel="sms")
    for _ in range(5):
        attempt(world, password="wrong")
    assert not told.exists()
    with figures(alarm_after=4):
        attempt(world, password="wrong")
        once = told.count()
        assert once
        attempt(world, password="wrong", now=world.now.replace(microsecond=1))
    with figures(alarm_after=9):
        for microsecond in (2, 3, 4):
            attempt(world, password="wrong", now=world.now.replace(microsecond=microsecond))
    assert told.count() == once


@pytest.mark.req("AUTH-2")
def test_a_count_that_began_again_is_told_again(world: World) -> None:
    told = Message.objects.filter(event="identity.user.guessed", channel="sms")
    with figures(pause_after=1, alarm_after=2):
        for _ in range(2):
            attempt(world, password="wrong")
        once = told.count()
        User.objects.filter(pk=person(world).pk).update(wrong_passwords=0)
        for _ in range(2):
            attempt(world, password="wrong", now=world.now.replace(microsecond=1))
    assert told.count() == 2 * once
