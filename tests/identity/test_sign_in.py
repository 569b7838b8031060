"""Signing in: one order, one message, the same work; wrong passwords count exactly."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction

from alerts.models import Message
from audit.models import Entry
from audit.queries import chain_states
from identity.models import Session, SignInPolicy, User
from identity.operations import SignInResult, sign_out, take_over
from identity.policies import SignInOutcome
from identity.states import UserState
from tests.factories.counting import counted_hashes, counted_texts
from tests.factories.door import PLENTY, attempt, figures
from tests.factories.threads import at_once
from tests.factories.world import FIRST, PASSWORD, SECOND, World

O = SignInOutcome  # noqa: E741 - the column of a table
LOGIN = "maker01"


def person(world: World) -> User:
    return User.objects.get(pk=world.first.people[LOGIN].pk)


def put(world: World, *verbs: str) -> None:
    user = person(world)
    for verb in verbs:
        getattr(user, verb)()
    user.save()


def close_home(world: World, verb: str) -> None:
    company = world.company
    getattr(company, verb)()
    company.save()


def be_elsewhere(world: World, at: datetime | None = None) -> str:
    return attempt(world, now=at or world.now, address="198.51.100.7").session_key


@pytest.mark.req("AUTH-1")
def test_a_right_password_opens_one_session(world: World) -> None:
    result = attempt(world)
    assert result.outcome == O.SIGNED_IN
    session = Session.objects.get()
    assert session.user_id == person(world).pk
    assert (session.site, session.address, session.agent) == (
        "enterprise", "203.0.113.5", "Browser/1",
    )  # fmt: skip
    assert session.key_sha256 != result.session_key
    assert len(result.session_key) >= 43
    entry = Entry.objects.get(event="identity.session.opened")
    assert (entry.chain, entry.actor) == (f"company:{FIRST.code}", person(world).public_id)


@pytest.mark.req("AUTH-1")
@pytest.mark.parametrize(
    ("arrange", "changes", "outcome"),
    [
        (None, {"company_code": "99999999"}, O.REFUSED),
        (None, {"company_code": ""}, O.REFUSED),
        (None, {"company_code": SECOND.code, "login_name": "nobody"}, O.REFUSED),
        (None, {"login_name": "nobody"}, O.REFUSED),
        (None, {"login_name": "MAKER01"}, O.REFUSED),
        (None, {"login_name": ""}, O.REFUSED),
        (None, {"password": PASSWORD + " "}, O.REFUSED),
        (None, {"password": PASSWORD.upper()}, O.REFUSED),
        (None, {"password": ""}, O.REFUSED),
        (None, {"site": "staff", "company_code": ""}, O.REFUSED),
        (None, {"login_name": "branch001"}, O.REFUSED),
        (("person", "pause"), {}, O.PAUSED),
        (("person", "pause"), {"password": "wrong"}, O.REFUSED),
        (("person", "suspend"), {}, O.REFUSED),
        (("person", "close"), {}, O.REFUSED),
        (("home", "suspend"), {}, O.REFUSED),
        (("home", "close"), {}, O.REFUSED),
        (("elsewhere", ""), {}, O.ELSEWHERE),
        (("elsewhere", ""), {"password": "wrong"}, O.REFUSED),
        (("elsewhere", "pause"), {}, O.ELSEWHERE),
        (("elsewhere", "suspend"), {}, O.ELSEWHERE),
    ],
)
def test_whoever_does_not_get_in_opens_nothing_and_ends_nothing(
    world: World,
    arrange: tuple[str, str] | None,
    changes: dict[str, Any],
    outcome: SignInOutcome,
) -> None:
    match arrange:
        case ("person", verb):
            put(world, verb)
        case ("home", verb):
            close_home(world, verb)
        case ("elsewhere", verb):
            be_elsewhere(world)
            put(world, *([verb] if verb else []))
    before = list(Session.objects.values_list("pk", "ended_at"))
    result = attempt(world, **changes)
    assert result.outcome == outcome
    assert result.session_key == ""
    assert list(Session.objects.values_list("pk", "ended_at")) == before
    assert Entry.objects.filter(event="identity.session.opened.refused").count() == 1


@pytest.mark.req("AUTH-1")
def test_the_same_login_name_of_another_company_is_another_person(world: World) -> None:
    result = attempt(world, company_code=SECOND.code)
    assert result.user == world.second.people[LOGIN]


@pytest.mark.req("AUTH-1")
def test_staff_sign_in_on_their_own_site_only(world: World) -> None:
    facts = {"company_code": "", "login_name": "branch001"}
    assert attempt(world, site="enterprise", **facts).outcome == O.REFUSED
    assert attempt(world, site="staff", **facts).outcome == O.SIGNED_IN


PATHS: dict[str, dict[str, Any]] = {
    "unknown company": {"company_code": "99999999"},
    "unknown name": {"login_name": "nobody"},
    "wrong password": {"password": "wrong"},
    "no password": {"password": ""},
}
# What may be so of a person whose name and company are right: verbs of the person and of the home.
STANDINGS: dict[str, tuple[str, str]] = {
    "in force": ("", ""),
    "paused": ("pause", ""),
    "suspended": ("suspend", ""),
    "closed": ("close", ""),
    "company suspended": ("", "suspend"),
    "company closed": ("", "close"),
}


def work_of(world: World, **changes: Any) -> tuple[list[int], list[str]]:
    """Return how many hashes were computed and which statements were sent for one refusal."""
    with counted_hashes() as hashes, counted_texts() as texts:
        assert attempt(world, **changes).outcome == O.REFUSED
    return hashes, texts


@pytest.mark.req("AUTH-1", "AUTH-10")
@pytest.mark.parametrize("standing", STANDINGS)
def test_every_path_without_a_right_password_does_the_same_work(
    world: World, standing: str
) -> None:
    verb, home_verb = STANDINGS[standing]
    put(world, *([verb] if verb else []))
    if home_verb:
        close_home(world, home_verb)
    attempt(world, login_name="nobody")  # the decoy is made and the chains are there
    attempt(world, password="wrong")
    work = {}
    for name, changes in PATHS.items():
        User.objects.update(wrong_passwords=0)
        work[name] = work_of(world, **changes)
    assert work["unknown name"][0] == [1]
    for name, done in work.items():
        assert done == work["wrong password"], name


@pytest.mark.req("AUTH-1")
@pytest.mark.parametrize("standing", ["suspended", "closed", "company suspended", "company closed"])
def test_a_right_password_that_opens_nothing_costs_what_a_wrong_one_costs(
    world: World, standing: str
) -> None:
    attempt(world, login_name="nobody")
    attempt(world, password="wrong")
    unknown = work_of(world, login_name="nobody")
    verb, home_verb = STANDINGS[standing]
    put(world, *([verb] if verb else []))
    if home_verb:
        close_home(world, home_verb)
    assert work_of(world) == unknown
    assert person(world).wrong_passwords == 1


@pytest.mark.req("AUTH-1", "AUTH-9")
def test_a_person_without_a_usable_password_costs_the_same(world: World) -> None:
    attempt(world, login_name="nobody")
    attempt(world, password="wrong")
    unknown = work_of(world, login_name="nobody")
    nothing_fits = make_password(None)
    User.objects.filter(pk=person(world).pk).update(password=nothing_fits, wrong_passwords=0)
    assert work_of(world) == unknown
    assert work_of(world, password="") == unknown


@pytest.mark.req("AUTH-1", "AUTH-3")
@pytest.mark.parametrize("idle", [False, True])
def test_a_session_elsewhere_does_not_show_in_the_work_of_a_wrong_password(
    world: World, idle: bool
) -> None:
    be_elsewhere(world)
    if idle:
        Session.objects.update(seen_at=world.now - timedelta(hours=1))
    attempt(world, login_name="nobody")
    unknown = work_of(world, login_name="nobody")
    assert work_of(world, password="wrong") == unknown
    assert Session.objects.get().ended_at is None


@pytest.mark.req("AUTH-2")
def test_the_third_wrong_password_in_a_row_pauses_and_tells_the_person_once(world: World) -> None:
    told = Message.objects.filter(event="identity.user.paused")
    for count in (1, 2):
        assert attempt(world, password="wrong").outcome == O.REFUSED
        assert person(world).state == UserState.ACTIVE
        assert person(world).wrong_passwords == count
    assert not told.exists()
    assert attempt(world, password="wrong").outcome == O.REFUSED
    assert person(world).state == UserState.PAUSED
    assert sorted(told.values_list("channel", flat=True)) == ["email", "sms"]
    assert set(told.values_list("recipient_key", flat=True)) == {person(world).public_id}
    for _ in range(3):
        attempt(world, password="wrong")
    assert told.count() == 2
    assert person(world).wrong_passwords == 6
    assert attempt(world).outcome == O.PAUSED


@pytest.mark.req("AUTH-2")
def test_a_right_password_starts_the_count_again(world: World) -> None:
    attempt(world, password="wrong")
    attempt(world, password="wrong")
    attempt(world)
    assert person(world).wrong_passwords == 0
    attempt(world, password="wrong")
    attempt(world, password="wrong")
    assert person(world).state == UserState.ACTIVE


@pytest.mark.req("AUTH-2")
def test_the_number_of_tries_is_a_policy_row(world: World) -> None:
    SignInPolicy.objects.update(pause_after=2)
    attempt(world, password="wrong")
    attempt(world, password="wrong")
    assert person(world).state == UserState.PAUSED


@pytest.mark.req("AUTH-2")
def test_guesses_while_suspended_still_count_when_the_person_is_back(world: World) -> None:
    put(world, "suspend")
    for _ in range(4):
        attempt(world, password="wrong")
    put(world, "restore")
    attempt(world, password="wrong")
    assert person(world).state == UserState.PAUSED


@pytest.mark.req("AUTH-2")
def test_a_pause_never_ends_by_waiting(world: World) -> None:
    for _ in range(3):
        attempt(world, password="wrong")
    assert attempt(world, now=world.now + timedelta(days=400)).outcome == O.PAUSED


@pytest.mark.req("AUTH-3")
def test_the_second_sign_in_is_told_since_when_and_from_where(world: World) -> None:
    be_elsewhere(world)
    result = attempt(world, now=world.now + timedelta(minutes=1))
    assert result.outcome == O.ELSEWHERE
    assert (result.since, result.address) == (world.now, "198.51.100.7")


def end_other(world: World, **changes: Any) -> SignInResult:
    """Take the first session's place, as the page does with what the second sign-in was told."""
    told = attempt(world)
    assert told.outcome == O.ELSEWHERE
    facts: dict[str, Any] = {
        "site": "enterprise", "public_id": person(world).public_id,
        "other_sha256": told.other_sha256, "address": "203.0.113.5", "agent": "Browser/1",
        "now": world.now,
    }  # fmt: skip
    return take_over(**facts | changes)


@pytest.mark.req("AUTH-3")
def test_the_second_sign_in_may_end_the_first(world: World) -> None:
    be_elsewhere(world)
    first = Session.objects.get()
    assert end_other(world).outcome == O.SIGNED_IN
    first.refresh_from_db()
    assert (first.ended_at, first.ended_why) == (world.now, "replaced")
    assert Session.objects.filter(ended_at__isnull=True).count() == 1


@pytest.mark.req("AUTH-3")
def test_who_was_ended_by_another_sign_in_is_told(world: World) -> None:
    be_elsewhere(world)
    told = Message.objects.filter(event="identity.user.signed_in_elsewhere")
    assert not told.exists()
    end_other(world)
    key = person(world).public_id
    assert sorted(told.values_list("channel", "recipient_key")) == [("email", key), ("sms", key)]


@pytest.mark.req("AUTH-1", "AUTH-3")
@pytest.mark.parametrize(
    ("verb", "outcome"), [("pause", O.PAUSED), ("suspend", O.REFUSED), ("close", O.REFUSED)]
)
def test_the_other_session_is_ended_only_when_the_lock_state_passes_too(
    world: World, verb: str, outcome: SignInOutcome
) -> None:
    be_elsewhere(world)
    put(world, verb)
    assert end_other(world).outcome == outcome
    assert Session.objects.get().ended_at is None


@pytest.mark.req("AUTH-3")
def test_a_session_is_replaced_once_and_by_its_own_person_only(world: World) -> None:
    be_elsewhere(world)
    other = world.first.people["maker02"].public_id
    assert end_other(world, public_id=other).outcome == O.REFUSED
    assert end_other(world, public_id="UNKNOWN").outcome == O.REFUSED
    first = Session.objects.get()
    assert end_other(world).outcome == O.SIGNED_IN
    assert end_other(world, other_sha256=first.key_sha256).outcome == O.REFUSED
    assert Session.objects.filter(ended_at__isnull=True).count() == 1


@pytest.mark.req("AUTH-3", "SES-1")
@pytest.mark.parametrize("later", [timedelta(minutes=10), timedelta(hours=8)])
def test_a_session_left_open_too_long_does_not_stand_in_the_way(
    world: World, later: timedelta
) -> None:
    be_elsewhere(world)
    if later > timedelta(hours=1):
        Session.objects.update(seen_at=world.now + later)
    assert attempt(world, now=world.now + later).outcome == O.SIGNED_IN
    assert Session.objects.get(address="198.51.100.7").ended_why == "idle"


@pytest.mark.req("AUTH-3")
def test_signing_out_ends_the_session_once(world: World) -> None:
    be_elsewhere(world)
    session = Session.objects.get()
    sign_out(key_sha256=session.key_sha256, now=world.now)
    sign_out(key_sha256=session.key_sha256, now=world.now + timedelta(minutes=1))
    session.refresh_from_db()
    assert (session.ended_at, session.ended_why) == (world.now, "signed out")
    assert Entry.objects.filter(event="identity.session.ended").count() == 1
    assert attempt(world).outcome == O.SIGNED_IN


@pytest.mark.req("AUTH-3")
def test_the_database_holds_one_live_session_per_person(world: World) -> None:
    be_elsewhere(world)
    session = Session.objects.get()
    session.key_sha256 = "0" * 64
    with pytest.raises(IntegrityError, match="identity_session_one_live"), transaction.atomic():
        session.save(force_insert=True)


@pytest.mark.req("AUTH-2")
def test_fifty_guesses_at_the_same_moment_count_exactly_fifty(open_world: World) -> None:
    world = open_world

    def guess() -> list[SignInResult]:
        return [attempt(world, password="wrong") for _ in range(5)]

    with figures(account_limit=PLENTY, address_limit=PLENTY, alarm_after=50):
        results = at_once([guess] * 10)
    assert len(results) == 10
    assert person(world).wrong_passwords == 50
    assert person(world).state == UserState.PAUSED
    assert Message.objects.filter(event="identity.user.paused").count() == 2
    told = Message.objects.filter(event="identity.user.guessed")
    assert told.values("cause").distinct().count() == 1
    refused = Entry.objects.filter(event="identity.session.opened.refused")
    assert refused.count() == 50
    assert not any(state.broken for state in chain_states())


@pytest.mark.req("AUTH-3")
def test_eight_sign_ins_at_the_same_moment_leave_one_live_session(open_world: World) -> None:
    world = open_world
    results = at_once([lambda: attempt(world)] * 8)
    outcomes = [result.outcome for result in results]  # type: ignore[union-attr]
    assert Session.objects.filter(ended_at__isnull=True).count() == 1
    assert outcomes.count(O.SIGNED_IN) == 1
    assert outcomes.count(O.ELSEWHERE) == 7


@pytest.mark.req("AUTH-3")
def test_eight_take_overs_at_the_same_moment_leave_one_live_session(open_world: World) -> None:
    world = open_world
    be_elsewhere(world)
    results = at_once([lambda: end_other(world)] * 8)
    assert Session.objects.filter(ended_at__isnull=True).count() == 1
    assert O.SIGNED_IN in {result.outcome for result in results}  # type: ignore[union-attr]
