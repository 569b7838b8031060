"""Changing a password: the old one, the rules, the last three, and everybody signed out (PWD-1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import Error, transaction

from identity.errors import PasswordRefused, WeakPassword
from identity.models import FormerPassword, Session, User
from identity.operations import PasswordOutcome, change_password, expect_new_password, sign_in
from identity.policies import SignInOutcome, password_fault
from identity.states import UserState
from tests.factories.world import PASSWORD, World

NOW = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
NEW = "Battery9staple"


def enter(user: User, password: str, now: datetime) -> SignInOutcome:
    return sign_in(
        site="enterprise", company_code=user.company.code if user.company else "",
        login_name=user.login_name, password=password, address="127.0.0.1", agent="test", now=now,
    ).outcome  # fmt: skip


@pytest.mark.req("PWD-1")
@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("Battery9", None),
        ("電池battery9", None),
        ("Batter9", PasswordRefused.TOO_SHORT),
        ("B9" * 65, PasswordRefused.TOO_LONG),
        ("Bat tery9", PasswordRefused.SPACES),
        ("Bat\u3000tery9", PasswordRefused.SPACES),
        ("batterystaple", PasswordRefused.NOT_MIXED),
        ("8675309135", PasswordRefused.NOT_MIXED),
        ("battery1111", PasswordRefused.REPEATED),
        ("baAAattery1", PasswordRefused.REPEATED),
        ("battery1234", PasswordRefused.SEQUENTIAL),
        ("battery4321", PasswordRefused.SEQUENTIAL),
        ("xAbCdxxx17", PasswordRefused.SEQUENTIAL),
        ("dcbaxxyy17", PasswordRefused.SEQUENTIAL),
        ("xxMaker01yy", PasswordRefused.LOGIN_NAME),
    ],
)
def test_password_follows_the_rules(password: str, fault: PasswordRefused | None):
    assert password_fault(password, login_name="maker01", is_staff=False) == fault


@pytest.mark.req("PWD-1")
def test_staff_have_longer_passwords():
    found = password_fault("Battery9sta", login_name="branch001", is_staff=True)
    assert found == PasswordRefused.TOO_SHORT


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
