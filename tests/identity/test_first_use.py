"""Going through first use: each step in its turn, and nothing but its turn."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from alerts.models import Message
from audit.models import Entry
from identity import operations
from identity.errors import (
    LoginNameFault,
    LoginNameRefused,
    NotThisStep,
    PasswordRefused,
    WeakPassword,
)
from identity.formats import session_digest
from identity.models import FormerPassword, Session, User
from identity.operations import CodeOutcome, PasswordOutcome
from identity.policies import Keys, Step, current_step
from identity.queries import first_use_facts
from identity.states import UserState
from tests.factories.http import Browser
from tests.factories.newcomers import (
    CHECKER,
    CUSTOMER,
    NEW_CODE,
    NEW_NAME,
    NEW_PASSWORD,
    begin_anew,
    sent_code,
)
from tests.factories.world import PASSWORD, World

pytestmark = pytest.mark.django_db
HELD = Keys(card_needed=True, card_held=True)


class Newcomer:
    """Somebody on the way through first use, with the session they are signed in by."""

    def __init__(self, user: User, key_sha256: str, now: datetime) -> None:
        self.user, self.key_sha256, self.now = user, key_sha256, now

    def login_name(self, name: str = NEW_NAME) -> None:
        operations.choose_login_name(actor=self.user, login_name=name, now=self.now)

    def password(self, new: str = NEW_PASSWORD, old: str = PASSWORD) -> operations.FirstPassword:
        result = operations.choose_first_password(
            actor=self.user, key_sha256=self.key_sha256, old=old, new=new, now=self.now
        )
        if result.session_key:
            self.key_sha256 = session_digest(result.session_key)
        return result

    def authorisation_code(self) -> None:
        operations.set_authorisation_code(actor=self.user, code=NEW_CODE, now=self.now)

    def basic_data(self) -> None:
        for channel in ("sms", "email"):
            operations.send_contact_code(actor=self.user, channel=channel, now=self.now)
            outcome = operations.take_contact_code(
                actor=self.user, channel=channel, typed=sent_code(self.user), now=self.now
            )
            assert outcome == CodeOutcome.RIGHT

    def settings(self) -> None:
        operations.choose_settings(
            actor=self.user, language="en", start_page="inbox", prefers_keypad=True,
            prefers_number=False, now=self.now,
        )  # fmt: skip

    def finish(self, keys: Keys = HELD) -> None:
        operations.finish_first_use(actor=self.user, keys=keys, now=self.now)

    def act(self, step: Step) -> Callable[[], object]:
        """Return how a step is done."""
        return getattr(self, str(step))

    def do(self, *steps: Step) -> Newcomer:
        """Do these steps."""
        for step in steps:
            self.act(step)()
        return self

    @property
    def current(self) -> Step | None:
        """Return the step whose turn it is."""
        return current_step(first_use_facts(self.user.pk, now=self.now))


@pytest.fixture
def maker(world: World) -> Newcomer:
    """Return a new maker of a company."""
    key = Browser.of(world, "maker01").session.pk
    return Newcomer(begin_anew(world.first.people["maker01"]), key, world.now)


@pytest.fixture
def checker(world: World) -> Newcomer:
    """Return a new checker of a branch; their session is of no matter here."""
    user = begin_anew(world.staff["branch011"])
    session = Session.objects.create(
        key_sha256="ab" * 32, site="staff", user=user, address="203.0.113.7", agent="",
        idle_minutes=10, started_at=world.now, seen_at=world.now,
        expires_at=world.now.replace(year=world.now.year + 1),
    )  # fmt: skip
    return Newcomer(user, session.pk, world.now)


def stored(user: User) -> User:
    """Return a person as they are stored now."""
    return User.objects.get(pk=user.pk)


# --- each in its turn ----------------------------------------------------------------------------
@pytest.mark.req("SES-3", "DEL-3")
@pytest.mark.parametrize("asked", [*CUSTOMER, Step.AUTHORISATION_CODE, "finish"])
@pytest.mark.parametrize("done", range(len(CUSTOMER)))
def test_only_the_step_of_the_moment_is_done(maker: Newcomer, done: int, asked: str) -> None:
    maker.do(*CUSTOMER[:done])
    before = list(User.objects.filter(pk=maker.user.pk).values())
    act = maker.finish if asked == "finish" else maker.act(Step(asked))
    if asked == CUSTOMER[done]:
        act()
        assert maker.current == [*CUSTOMER, None][done + 1]
        return
    with pytest.raises(NotThisStep):
        act()
    assert list(User.objects.filter(pk=maker.user.pk).values()) == before


@pytest.mark.req("SES-3", "DEL-3", "AUTH-4")
def test_after_the_last_step_nothing_of_first_use_is_done_again(maker: Newcomer) -> None:
    maker.do(*CUSTOMER).finish()
    maker.user.refresh_from_db()
    assert maker.user.first_used_at == maker.now
    for step in (Step.LOGIN_NAME, Step.PASSWORD):
        with pytest.raises(NotThisStep):
            maker.act(step)()
    with pytest.raises(NotThisStep):
        maker.finish()


@pytest.mark.req("DEL-3", "AUTH-4", "DUAL-7")
def test_a_checker_of_the_bank_sets_a_code_and_takes_a_card(checker: Newcomer) -> None:
    checker.do(*CHECKER[:-1])
    assert stored(checker.user).authorisation_code.startswith("argon2$argon2id$")
    with pytest.raises(NotThisStep):
        checker.finish(Keys(card_needed=True))
    checker.finish(HELD)
    assert stored(checker.user).first_used_at is not None


@pytest.mark.req("ALR-1", "DEL-3", "AUD-1")
def test_the_person_and_the_security_pair_are_told_of_first_use(
    world: World, maker: Newcomer
) -> None:
    maker.do(*CUSTOMER).finish()
    told = Message.objects.filter(event="identity.user.first_used")
    people = {world.first.people[name].public_id for name in ("maker01", "security1", "security2")}
    assert set(told.values_list("recipient_key", flat=True)) == people
    events = Entry.objects.filter(target=f"user:{maker.user.public_id}").order_by("pk")
    own = [event for event in events.values_list("event", flat=True) if ".user." in event]
    assert own[1:] == [
        "identity.user.login_name_chosen", "identity.user.password_changed",
        "identity.user.settings_chosen", "identity.user.first_used",
    ]  # fmt: skip


# --- login name ----------------------------------------------------------------------------------
@pytest.mark.req("PWD-2")
def test_a_name_of_the_same_company_is_taken_and_of_another_one_free(
    world: World, maker: Newcomer
) -> None:
    User.objects.filter(pk=world.first.people["release1"].pk).update(login_name="taken2026")
    User.objects.filter(pk=world.second.people["release1"].pk).update(login_name="other2026")
    with pytest.raises(LoginNameRefused) as refusal:
        maker.login_name("taken2026")
    assert refusal.value.reason == LoginNameFault.TAKEN
    assert "taken2026" not in str(refusal.value)
    maker.login_name("other2026")
    assert stored(maker.user).login_name == "other2026"


@pytest.mark.req("PWD-2")
def test_a_name_of_the_bank_is_taken_for_people_of_the_bank(
    world: World, checker: Newcomer
) -> None:
    User.objects.filter(pk=world.staff["branch001"].pk).update(login_name="taken2026")
    with pytest.raises(LoginNameRefused) as refusal:
        checker.login_name("taken2026")
    assert refusal.value.reason == LoginNameFault.TAKEN


@pytest.mark.req("PWD-2")
@pytest.mark.parametrize("name", ["x22099131", "maker01", "short1"])
def test_a_name_that_breaks_a_rule_is_refused(maker: Newcomer, name: str) -> None:
    with pytest.raises(LoginNameRefused):
        maker.login_name(name)
    assert maker.current == Step.LOGIN_NAME


@pytest.mark.req("PWD-3")
def test_no_name_stands_in_the_log(maker: Newcomer) -> None:
    maker.login_name()
    assert not Entry.objects.filter(after__icontains=NEW_NAME).exists()


# --- password ------------------------------------------------------------------------------------
@pytest.mark.req("DEL-3", "PWD-1", "SES-2")
def test_the_first_own_password_keeps_the_session_under_another_key(maker: Newcomer) -> None:
    maker.do(Step.LOGIN_NAME)
    before = maker.key_sha256
    result = maker.password()
    assert result.outcome == PasswordOutcome.CHANGED
    live = Session.objects.get(user=maker.user, ended_at=None)
    assert live.key_sha256 == session_digest(result.session_key)
    assert not Session.objects.filter(key_sha256=before).exists()
    user = stored(maker.user)
    assert user.check_password(NEW_PASSWORD)
    assert (user.must_change_password, user.password_set_at) == (False, maker.now)
    assert FormerPassword.objects.get(user=user).is_initial


@pytest.mark.req("PWD-1")
@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("short1", PasswordRefused.TOO_SHORT),
        (f"x-{NEW_NAME}-77", PasswordRefused.LOGIN_NAME),
        ("Battery1234sta", PasswordRefused.SEQUENTIAL),
    ],
)
def test_the_rules_of_passwords_hold_for_the_first_one(
    maker: Newcomer, new: str, reason: PasswordRefused
) -> None:
    maker.do(Step.LOGIN_NAME)
    with pytest.raises(WeakPassword) as refusal:
        maker.password(new)
    assert refusal.value.reason == reason


@pytest.mark.req("PWD-1")
def test_the_given_password_does_not_become_the_own_one(maker: Newcomer) -> None:
    maker.do(Step.LOGIN_NAME)
    given = "Given-Word-77x"
    maker.user.set_password(given)
    User.objects.filter(pk=maker.user.pk).update(password=maker.user.password)
    with pytest.raises(WeakPassword) as refusal:
        maker.password(given, old=given)
    assert refusal.value.reason == PasswordRefused.USED_BEFORE


@pytest.mark.req("AUTH-2")
def test_wrong_given_passwords_are_counted_and_pause(maker: Newcomer) -> None:
    maker.do(Step.LOGIN_NAME)
    for _ in range(3):
        assert maker.password(old="wrong").outcome == PasswordOutcome.WRONG_PASSWORD
    assert stored(maker.user).state == UserState.PAUSED


# --- settings ------------------------------------------------------------------------------------
@pytest.mark.req("DEL-3", "KEY-1")
def test_settings_are_kept_and_what_is_not_offered_is_not_preferred(maker: Newcomer) -> None:
    maker.do(*CUSTOMER)
    user = stored(maker.user)
    assert (user.language, user.start_page, user.prefers_keypad) == ("en", "inbox", False)
