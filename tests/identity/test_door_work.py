"""Hashing keeps nobody waiting: no transaction, no connection, a few at a time (PWD-3)."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection
from django.test import override_settings

from identity.errors import DoorCrowded
from identity.formats import PasswordHasher
from identity.models import Session, User
from identity.operations import PasswordOutcome, change_password, verifying
from identity.operations.verifying import hashing_turn, password_fits
from identity.policies import SignInOutcome
from tests.factories.door import attempt
from tests.factories.world import PASSWORD, World

NEW = "Battery9staple"


class WatchingHasher(PasswordHasher):
    """Hash as the bank does, and note what this thread holds while it does."""

    held: list[bool] = []
    meanwhile = staticmethod(lambda: None)

    def verify(self, password: str, encoded: str) -> bool:
        """Check a password, after whatever else happens at that moment."""
        type(self).held.append(connection.connection is not None)
        type(self).meanwhile()
        return super().verify(password, encoded)


@pytest.fixture
def watched() -> Iterator[type[WatchingHasher]]:
    """Watch every hash of a story."""
    WatchingHasher.held = []
    name = f"{WatchingHasher.__module__}.{WatchingHasher.__qualname__}"
    with override_settings(PASSWORD_HASHERS=[name]):
        yield WatchingHasher
    WatchingHasher.meanwhile = staticmethod(lambda: None)


@pytest.mark.req("PWD-3", "AUTH-10")
def test_no_connection_is_held_while_a_password_is_checked(
    open_world: World, watched: type[WatchingHasher]
) -> None:
    assert attempt(open_world).outcome == SignInOutcome.SIGNED_IN
    assert attempt(open_world, login_name="nobody").outcome == SignInOutcome.REFUSED
    user = open_world.first.people["maker02"]
    outcome = change_password(actor=user, old="wrong", new=NEW, now=open_world.now)
    assert outcome == PasswordOutcome.WRONG_PASSWORD
    assert watched.held == [False, False, False]


@pytest.mark.req("PWD-3")
def test_a_password_changed_while_the_old_one_was_checked_lets_nobody_in(
    world: World, watched: type[WatchingHasher]
) -> None:
    user = world.first.people["maker01"]

    def change() -> None:
        watched.meanwhile = staticmethod(lambda: None)
        User.objects.filter(pk=user.pk).update(password=make_password(NEW))

    watched.meanwhile = staticmethod(change)
    assert attempt(world).outcome == SignInOutcome.REFUSED
    assert User.objects.get(pk=user.pk).wrong_passwords == 1
    assert not Session.objects.exists()
    assert len(watched.held) == 2
    assert attempt(world, password=NEW).outcome == SignInOutcome.SIGNED_IN


@pytest.mark.req("PWD-3")
def test_a_password_that_never_stands_still_is_tried_three_times(
    world: World, watched: type[WatchingHasher]
) -> None:
    user = world.first.people["maker01"]

    def change() -> None:
        User.objects.filter(pk=user.pk).update(password=make_password(PASSWORD))

    watched.meanwhile = staticmethod(change)
    with pytest.raises(DoorCrowded):
        attempt(world)
    assert len(watched.held) == 3
    assert User.objects.get(pk=user.pk).wrong_passwords == 0


@pytest.mark.req("PWD-3")
def test_two_changes_from_one_old_password_change_it_once(
    world: World, watched: type[WatchingHasher]
) -> None:
    user = world.first.people["maker01"]
    between = make_password("Battery9between")

    def change() -> None:
        watched.meanwhile = staticmethod(lambda: None)
        User.objects.filter(pk=user.pk).update(password=between)

    watched.meanwhile = staticmethod(change)
    outcome = change_password(actor=user, old=PASSWORD, new=NEW, now=world.now)
    assert outcome == PasswordOutcome.WRONG_PASSWORD
    assert User.objects.get(pk=user.pk).password == between


@pytest.mark.req("PWD-3", "AUTH-10")
@pytest.mark.parametrize("waiting", [0, 1])
def test_no_more_hashes_than_the_settings_say_and_who_waits_too_long_is_told(
    db: None, monkeypatch: pytest.MonkeyPatch, waiting: int
) -> None:
    monkeypatch.setattr(verifying, "PATIENCE_SECONDS", 0.05)
    inside, leave = threading.Barrier(3), threading.Event()

    def hold() -> None:
        with hashing_turn():
            inside.wait(10)
            leave.wait(10)

    with override_settings(SIGN_IN_HASHES=2, SIGN_IN_WAITING=waiting):
        holders = [threading.Thread(target=hold) for _ in range(2)]
        for holder in holders:
            holder.start()
        inside.wait(10)
        try:
            with pytest.raises(DoorCrowded) as refusal:
                password_fits(PASSWORD, "")
        finally:
            leave.set()
            for holder in holders:
                holder.join()
        assert refusal.value.status == 503
        assert not password_fits(PASSWORD, "")
        assert password_fits(PASSWORD, make_password(PASSWORD))


@pytest.mark.req("PWD-3")
def test_nothing_fits_where_no_password_is_stored(db: None) -> None:
    assert not password_fits("", "")
    assert not password_fits("!", make_password(None))
    assert not password_fits("", make_password(None))
    assert check_password(PASSWORD, make_password(PASSWORD))


@pytest.mark.req("AUTH-1")
def test_a_sign_in_that_waited_is_judged_by_the_state_it_finds(
    world: World, watched: type[WatchingHasher]
) -> None:
    user = world.first.people["maker01"]

    def close() -> None:
        found = User.objects.get(pk=user.pk)
        found.suspend()
        found.save()

    watched.meanwhile = staticmethod(close)
    assert attempt(world, now=world.now + timedelta(seconds=1)).outcome == SignInOutcome.REFUSED


class DearerHasher(PasswordHasher):
    """Hash at another cost than the stored passwords of the tests."""

    time_cost = 2
    meanwhile = staticmethod(lambda: None)

    def encode(self, password: str, salt: str) -> str:
        """Hash a password, after whatever else happens at that moment."""
        type(self).meanwhile()
        return super().encode(password, salt)


@pytest.mark.req("PWD-3")
def test_a_change_of_cost_reaches_a_person_with_the_next_right_password(world: World) -> None:
    user = world.first.people["maker01"]
    before = User.objects.get(pk=user.pk).password
    attempt(world)
    assert User.objects.get(pk=user.pk).password == before
    name = f"{DearerHasher.__module__}.{DearerHasher.__qualname__}"
    with override_settings(PASSWORD_HASHERS=[name]):
        attempt(world, password="wrong")
        assert User.objects.get(pk=user.pk).password == before
        assert attempt(world).outcome == SignInOutcome.ELSEWHERE
        after = User.objects.get(pk=user.pk).password
        assert "t=2" in after
        assert attempt(world).outcome == SignInOutcome.ELSEWHERE
        assert User.objects.get(pk=user.pk).password == after


@pytest.mark.req("PWD-3")
def test_a_password_changed_meanwhile_is_not_brought_back_at_another_cost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    user, between = world.first.people["maker01"], make_password("Battery9between")

    def change() -> None:
        User.objects.filter(pk=user.pk).update(password=between)

    monkeypatch.setattr(DearerHasher, "meanwhile", staticmethod(change))
    name = f"{DearerHasher.__module__}.{DearerHasher.__qualname__}"
    with override_settings(PASSWORD_HASHERS=[name]):
        assert attempt(world).outcome == SignInOutcome.SIGNED_IN
    assert User.objects.get(pk=user.pk).password == between
