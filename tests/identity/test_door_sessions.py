"""How long a session stands, what ends it, and that its end is written down (SES-1, AUTH-8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from audit.models import Entry
from audit.queries import chain_states
from identity import operations, tasks
from identity.formats import session_digest
from identity.models import Session
from identity.operations.sessions import MOST_ENDED
from identity.queries import live_session
from kernel import clock
from tests.factories.counting import counted_statements
from tests.factories.door import attempt, figures
from tests.factories.http import Browser
from tests.factories.threads import at_once
from tests.factories.world import World

PLACE = "203.0.113.5"
EVERYBODY = ("maker01", "maker02", "review1a", "review1b", "release1", "security1")


@pytest.fixture
def key(world: World) -> str:
    """Sign the maker in and return the stored name of the session."""
    return session_digest(attempt(world, address=PLACE).session_key)


def stands(world: World, key: str, later: timedelta) -> bool:
    return live_session(key, site="enterprise", now=world.now + later) is not None


@pytest.mark.req("SES-1")
def test_a_stricter_idle_time_is_in_force_at_once(world: World, key: str) -> None:
    assert stands(world, key, timedelta(minutes=9))
    with figures(idle_minutes=5, warning_seconds=60):
        assert stands(world, key, timedelta(minutes=4, seconds=59))
        assert not stands(world, key, timedelta(minutes=5))
        assert operations.end_idle(now=world.now + timedelta(minutes=5)) == 1


@pytest.mark.req("SES-1")
def test_a_looser_idle_time_is_for_sessions_to_come(world: World, key: str) -> None:
    with figures(idle_minutes=30):
        assert not stands(world, key, timedelta(minutes=10))


@pytest.mark.req("SES-1")
def test_a_shorter_longest_time_is_in_force_at_once(world: World, key: str) -> None:
    Session.objects.update(seen_at=world.now + timedelta(hours=3))
    assert stands(world, key, timedelta(hours=3))
    with figures(absolute_hours=2):
        assert not stands(world, key, timedelta(hours=3))
        assert attempt(world, now=world.now + timedelta(hours=3)).session_key
    assert Session.objects.get(pk=key).ended_why == "idle"


@pytest.mark.req("SES-1")
def test_the_page_warns_by_the_policy_of_the_moment_without_another_query(world: World) -> None:
    browser = Browser.of(world, "maker01")
    with counted_statements() as usual:
        browser.get("enterprise:sessions")
    with figures(idle_minutes=6, warning_seconds=45), counted_statements() as changed:
        page = browser.get("enterprise:sessions").content.decode()
    assert 'data-idle-seconds="360"' in page
    assert 'data-warning-seconds="45"' in page
    assert len(changed) == len(usual)


@pytest.mark.req("SES-1")
def test_a_server_whose_clock_is_behind_never_moves_the_last_use_backwards(
    world: World, key: str
) -> None:
    ahead = world.now + timedelta(minutes=5)
    operations.touch_session(key_sha256=key, now=ahead)
    operations.touch_session(key_sha256=key, now=ahead - timedelta(minutes=2))
    assert Session.objects.get(pk=key).seen_at == ahead
    # A session that another server has just opened stands for one that is a little behind.
    assert stands(world, key, -timedelta(seconds=30))


@pytest.mark.req("AUTH-8", "SES-1")
def test_a_time_out_is_written_down_with_name_address_and_moment(world: World, key: str) -> None:
    late = world.now + timedelta(minutes=10)
    assert operations.end_idle(now=late - timedelta(seconds=1)) == 0
    assert operations.end_idle(now=late) == 1
    session = Session.objects.select_related("user").get(pk=key)
    assert (session.ended_at, session.ended_why) == (late, "idle")
    entry = Entry.objects.get(event="identity.session.ended")
    assert (entry.actor, entry.address, entry.reason) == (session.user.public_id, PLACE, "idle")
    assert (entry.at, entry.chain) == (late, f"company:{world.company.code}")
    assert operations.end_idle(now=late) == 0


@pytest.mark.req("AUTH-8", "SES-1")
def test_a_session_left_open_is_written_down_where_the_next_one_finds_it(
    world: World, key: str
) -> None:
    attempt(world, now=world.now + timedelta(hours=1), address="198.51.100.9")
    ended, opened = Entry.objects.filter(event__startswith="identity.session").order_by("-pk")[:2][
        ::-1
    ]
    assert (ended.event, ended.reason, ended.address) == ("identity.session.ended", "idle", PLACE)
    assert opened.event == "identity.session.opened"


@pytest.mark.req("AUTH-8")
def test_sessions_are_ended_in_batches_and_live_ones_left_alone(world: World) -> None:
    for login in EVERYBODY:
        attempt(world, login_name=login)
    for login in ("branch001", "security01"):
        attempt(world, site="staff", company_code="", login_name=login)
    late = world.now + timedelta(minutes=11)
    awake = attempt(world, login_name="release2", now=late)
    with counted_statements() as statements:
        assert operations.end_idle(now=late) == len(EVERYBODY) + 2
    ends = [text for text in statements if text.startswith('UPDATE "identity_session"')]
    assert len(ends) == 1
    assert stands(world, session_digest(awake.session_key), timedelta(minutes=12))
    assert len(EVERYBODY) < MOST_ENDED
    assert not any(state.broken for state in chain_states())


@pytest.mark.req("AUTH-8", "SES-1")
def test_the_beat_ends_what_has_run_out(world: World, key: str) -> None:
    long_ago = clock.now() - timedelta(hours=1)
    Session.objects.filter(pk=key).update(seen_at=long_ago, started_at=long_ago)
    assert tasks.end_idle() == 1
    assert tasks.end_idle() == 0


@pytest.mark.req("AUTH-8")
def test_two_who_end_sessions_at_once_write_each_end_once(open_world: World) -> None:
    world = open_world
    for login in EVERYBODY:
        attempt(world, login_name=login)
    late = world.now + timedelta(hours=1)
    ended = at_once([lambda: operations.end_idle(now=late)] * 4)
    assert sum(count for count in ended if isinstance(count, int)) == len(EVERYBODY)
    assert Entry.objects.filter(event="identity.session.ended").count() == len(EVERYBODY)
    assert not any(state.broken for state in chain_states())
