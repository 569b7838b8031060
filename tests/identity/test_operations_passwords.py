# ruff: noqa: RUF001 - full-width signs are what some of these stories are about
"""Changing a password: the old one, the rules, the last three, and everybody signed out (PWD-1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.db import Error, transaction

from audit.operations import OutsideTransaction
from identity.errors import PasswordRefused, WeakPassword
from identity.models import CommonPassword, FormerPassword, PasswordPolicy, Session, User
from identity.operations import (
    PasswordOutcome,
    change_password,
    expect_new_password,
    sign_in,
)
from identity.operations.passwords import set_password_step
from identity.policies import SignInOutcome
from identity.states import UserState
from tests.factories.world import PASSWORD, World

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
NEW = "Battery9staple"


def enter(user: User, password: str, now: datetime) -> SignInOutcome:
    return sign_in(
        site="enterprise", company_code=user.company.code if user.company else "",
        login_name=user.login_name, password=password, address="127.0.0.1", agent="test", now=now,
    ).outcome  # fmt: skip


@pytest.mark.django_db
@pytest.mark.req("PWD-1", "SES-2", "CERT-10")
def test_change_signs_out_everywhere_and_lets_the_new_one_in(world: World):
    user, now = world.first.people["maker01"], world.now
    with transaction.atomic():
        expect_new_password(user=user, now=now)
    assert enter(user, PASSWORD, now) == SignInOutcome.SIGNED_IN
    outcome = change_password(actor=user, old=PASSWORD, new=NEW, now=now)
    assert outcome == PasswordOutcome.CHANGED
    assert not Session.objects.filter(user=user, ended_at=None).exists()
    assert not User.objects.get(pk=user.pk).must_change_password
    assert enter(user, PASSWORD, now) == SignInOutcome.REFUSED
    assert enter(user, NEW, now) == SignInOutcome.SIGNED_IN


@pytest.mark.django_db
@pytest.mark.req("PWD-1", "AUTH-2")
def test_wrong_old_passwords_are_counted_and_pause(world: World):
    user = world.first.people["maker01"]
    for _ in range(3):
        outcome = change_password(actor=user, old="wrong", new=NEW, now=world.now)
        assert outcome == PasswordOutcome.WRONG_PASSWORD
    assert User.objects.get(pk=user.pk).state == UserState.PAUSED
    assert not FormerPassword.objects.exists()


@pytest.mark.django_db
@pytest.mark.req("PWD-1")
def test_the_last_three_do_not_come_back_and_the_fourth_may(world: World):
    user, current = world.first.people["maker01"], PASSWORD
    # The first password of the examples has spaces, which the rules refuse.
    chosen = ["Battery9one", "Battery9two", "Battery9six"]
    for new in chosen:
        assert change_password(actor=user, old=current, new=new, now=world.now)
        current = new
    for used in chosen:
        with pytest.raises(WeakPassword) as refusal:
            change_password(actor=user, old=current, new=used, now=world.now)
        assert refusal.value.reason == PasswordRefused.USED_BEFORE
        assert refusal.value.field == "new"
    change_password(actor=user, old=current, new="Battery9ten", now=world.now)
    outcome = change_password(actor=user, old="Battery9ten", new=chosen[0], now=world.now)
    assert outcome == PasswordOutcome.CHANGED


@pytest.mark.django_db
@pytest.mark.req("PWD-1")
def test_former_passwords_are_hashes_that_nobody_changes(world: World):
    user = world.first.people["maker01"]
    change_password(actor=user, old=PASSWORD, new=NEW, now=world.now)
    former = FormerPassword.objects.get()
    assert former.password.startswith("argon2")
    for act in (former.delete, lambda: FormerPassword.objects.update(ended_at=NOW)):
        with pytest.raises(Error), transaction.atomic():
            act()


def refusal_of(user: User, old: str, new: str) -> WeakPassword:
    with pytest.raises(WeakPassword) as refusal:
        change_password(actor=user, old=old, new=new, now=NOW)
    return refusal.value


@pytest.mark.django_db
@pytest.mark.req("PWD-1")
def test_another_keyboard_types_the_same_password(world: World):
    user = world.first.people["maker01"]
    change_password(actor=user, old=PASSWORD, new="Ｂａｔｔｅｒｙ９cafe\u0301", now=world.now)
    assert enter(user, "Battery9caf\u00e9", world.now) == SignInOutcome.SIGNED_IN
    assert enter(user, "battery9caf\u00e9", world.now) == SignInOutcome.REFUSED


@pytest.mark.django_db
@pytest.mark.req("PWD-1")
def test_what_was_hashed_as_it_was_typed_still_opens(world: World):
    user, typed = world.first.people["maker01"], "Ｂａｔｔｅｒｙ９"
    User.objects.filter(pk=user.pk).update(
        password=Argon2PasswordHasher().encode(typed, "saltsaltsalt")
    )
    assert enter(user, "Battery9", world.now) == SignInOutcome.REFUSED
    assert enter(user, typed, world.now) == SignInOutcome.SIGNED_IN
    # From now on it is kept as all its spellings are.
    assert enter(user, "Battery9", world.now) == SignInOutcome.ELSEWHERE


@pytest.mark.django_db
@pytest.mark.req("PWD-1")
def test_the_figures_are_those_of_the_row(world: World):
    user = world.first.people["maker01"]
    PasswordPolicy.objects.update(shortest=16, shortest_staff=20, run_length=3, remembered=4)
    refused = refusal_of(user, PASSWORD, NEW)
    assert refused.reason == PasswordRefused.TOO_SHORT
    assert "16" in str(refused)
    assert refusal_of(user, PASSWORD, NEW + "456").reason == PasswordRefused.SEQUENTIAL
    PasswordPolicy.objects.update(shortest=8)
    change_password(actor=user, old=PASSWORD, new=NEW, now=NOW)
    last = NEW
    for following in ("Battery9other", "Harbour7light", "Lantern5bridge"):
        change_password(actor=user, old=last, new=following, now=NOW)
        last = following
    assert refusal_of(user, last, NEW).reason == PasswordRefused.USED_BEFORE
    PasswordPolicy.objects.update(remembered=3)
    assert change_password(actor=user, old=last, new=NEW, now=NOW)
    staff = world.staff["branch001"]
    assert "20" in str(refusal_of(staff, PASSWORD, "Battery9staple"))


@pytest.mark.django_db
@pytest.mark.req("PWD-1")
def test_words_the_bank_listed_and_words_everybody_uses_are_refused(world: World):
    user = world.first.people["maker01"]
    assert refusal_of(user, PASSWORD, "QWERTY123").reason == PasswordRefused.COMMON
    CommonPassword.objects.create(word="Staple")
    assert refusal_of(user, PASSWORD, "Battery9ＳＴＡＰＬＥ").reason == PasswordRefused.COMMON


@pytest.mark.django_db
@pytest.mark.req("PWD-1")
def test_the_password_given_at_first_never_comes_back(world: World):
    user, first = world.first.people["maker01"], "Given9atfirst"
    User.objects.filter(pk=user.pk).update(
        password=make_password(first), must_change_password=True, first_used_at=None
    )
    current = first
    for new in ("Battery9one", "Battery9two", "Battery9six", "Battery9ten"):
        change_password(actor=user, old=current, new=new, now=NOW)
        User.objects.filter(pk=user.pk).update(first_used_at=NOW)
        current = new
    assert [row.is_initial for row in FormerPassword.objects.order_by("pk")] == [
        True, False, False, False,
    ]  # fmt: skip
    assert refusal_of(user, current, first).reason == PasswordRefused.INITIAL
    assert change_password(actor=user, old=current, new="Battery9one", now=NOW)


@pytest.mark.django_db(transaction=True)
def test_a_password_is_kept_inside_a_larger_act_alone(open_world: World):
    with pytest.raises(OutsideTransaction):
        set_password_step(user=open_world.first.people["maker01"], new=NEW, now=NOW)
