"""Which session a cookie leads to, and what its person may do at this moment."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from identity import operations
from identity.formats import session_digest
from identity.models import Session, User
from identity.queries import live_session, permissions_of
from tests.factories.counting import counted_statements
from tests.factories.world import FIRST, PASSWORD, World

LOGIN = "maker01"


@pytest.fixture
def key(world: World) -> str:
    """Sign the maker in and return the stored name of the session."""
    result = operations.sign_in(
        site="enterprise", company_code=FIRST.code, login_name=LOGIN, password=PASSWORD,
        address="203.0.113.5", agent="Browser/1", now=world.now,
    )  # fmt: skip
    return session_digest(result.session_key)


def found(world: World, key: str, *, later: timedelta = timedelta(0), **changes: Any) -> bool:
    facts = {"site": "enterprise", "now": world.now + later} | changes
    return live_session(key, **facts) is not None


def test_a_live_session_brings_its_person_and_their_permissions_in_one_query(
    world: World, key: str
) -> None:
    with counted_statements() as statements:
        session = live_session(key, site="enterprise", now=world.now)
        assert session is not None
        assert session.user.company is not None
        assert session.user.company.code == FIRST.code
    assert len(statements) == 1
    granted = session.user.granted
    assert "approvals.request.submit" in granted
    assert "approvals.request.release" not in granted
    assert granted == permissions_of(session.user.pk, now=world.now)


@pytest.mark.req("SES-1")
@pytest.mark.parametrize(
    ("later", "live"),
    [
        (timedelta(0), True),
        (timedelta(minutes=9, seconds=59), True),
        (timedelta(minutes=10), False),
        (timedelta(days=1), False),
    ],
)
def test_an_idle_session_does_not_stand(
    world: World, key: str, later: timedelta, live: bool
) -> None:
    assert found(world, key, later=later) is live


@pytest.mark.req("SES-1")
def test_using_a_session_moves_its_idle_end_but_never_its_last(world: World, key: str) -> None:
    for minutes in range(9, 8 * 60, 9):
        moment = world.now + timedelta(minutes=minutes)
        assert live_session(key, site="enterprise", now=moment) is not None
        operations.touch_session(key_sha256=key, now=moment)
    assert found(world, key, later=timedelta(hours=8) - timedelta(seconds=1))
    assert not found(world, key, later=timedelta(hours=8))


def test_a_session_names_its_site(world: World, key: str) -> None:
    assert found(world, key)
    assert not found(world, key, site="staff")


def test_an_unknown_or_ended_session_does_not_stand(world: World, key: str) -> None:
    assert not found(world, "0" * 64)
    operations.sign_out(key_sha256=key, now=world.now)
    assert not found(world, key)
    operations.touch_session(key_sha256=key, now=world.now)
    operations.keep_session_data(key_sha256=key, data={"after": "the end"})
    session = Session.objects.get(pk=key)
    assert session.data == {}
    assert not found(world, key)


@pytest.mark.req("DEL-4")
@pytest.mark.parametrize("verb", ["pause", "suspend", "close"])
def test_a_person_no_longer_in_force_has_no_session(world: World, key: str, verb: str) -> None:
    user = User.objects.get(pk=world.first.people[LOGIN].pk)
    getattr(user, verb)()
    user.save()
    assert not found(world, key)
