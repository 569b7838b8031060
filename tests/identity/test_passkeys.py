"""Passkeys: who registers one, what each answer has to show, who ends one (AUTH-1, AUTH-5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, strategies as st

from alerts.models import Message
from audit.errors import OutsideTransaction
from audit.models import Entry
from identity import operations, queries
from identity.errors import PermissionMissing, StepUpNeeded, TooManyTries
from identity.errors.passkeys import LastFactor, PasskeysImpossible, PasskeyUnknown, TooManyPasskeys
from identity.formats.passkeys import (
    AnswerUnfit,
    read_assertion,
    read_challenge,
    read_registration,
    relying_party,
)
from identity.models import Passkey, PasskeyChallenge, Session
from identity.operations import CodeOutcome, PasskeyOutcome
from identity.policies import PASSKEY_CODES_MOST, PASSKEYS_MOST, Factor, counter_moves_on
from tests.factories.helping import renew
from tests.factories.http import Browser
from tests.factories.passkeys import PRESENT, VERIFIED, Authenticator, Seat, another_session
from tests.factories.sites import staff_settings
from tests.factories.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.req("AUTH-1")]
WHO = "branch001"
O = PasskeyOutcome  # noqa: E741 - the column of a table


@pytest.fixture(autouse=True)
def staff_site(settings: Any) -> None:
    for name, value in staff_settings().items():
        setattr(settings, name, value)


@pytest.fixture
def seat(world: World) -> Seat:
    """Return a bank person who has given their password and has no second factor yet."""
    return Seat(Browser.officer(world, WHO, factor=Factor.PASSWORD), world.now)


@pytest.fixture
def own(seat: Seat) -> Authenticator:
    """Return their first passkey."""
    return seat.register()


def reasons(event: str) -> list[str]:
    """Return why such acts were refused, oldest first."""
    rows = Entry.objects.filter(event=f"{event}.refused").order_by("pk")
    return list(rows.values_list("reason", flat=True))


# --- the first one -------------------------------------------------------------------------------
def test_a_password_alone_registers_nothing(seat: Seat) -> None:
    assert seat.begin().code == CodeOutcome.GONE
    seat.send_code()
    assert seat.begin("000000").code == CodeOutcome.WRONG
    assert not PasskeyChallenge.objects.exists()
    assert seat.keep(Authenticator().register({"challenge": "AAAA"})) == O.GONE
    assert not Passkey.objects.exists()


def test_the_code_from_the_phone_opens_the_registration_of_a_first_one(seat: Seat) -> None:
    seat.register()
    (passkey,) = Passkey.objects.all()
    assert (passkey.name, passkey.sign_count, passkey.ended_at) == ("work PC", 0, None)
    told = Message.objects.filter(event="identity.passkey.registered")
    assert {message.channel for message in told} == {"sms", "email"}
    assert "work PC" in told.get(channel="email").body
    assert Entry.objects.filter(event="identity.passkey.registered").count() == 1
    # It has to be shown once before it opens anything.
    assert seat.browser.session.factor == Factor.PASSWORD


def test_a_touch_that_went_wrong_may_be_tried_again_on_the_same_code(seat: Seat) -> None:
    first = seat.begin(seat.send_code())
    again = seat.begin()
    assert again.code == CodeOutcome.RIGHT
    assert seat.keep(Authenticator().register(first.options)) == O.GONE
    assert seat.keep(Authenticator().register(again.options)) == O.DONE


def test_the_proof_does_not_outlive_its_question(seat: Seat) -> None:
    seat.begin(seat.send_code())
    seat.now += timedelta(minutes=4)
    assert seat.begin().code == CodeOutcome.RIGHT
    seat.now += timedelta(minutes=1)
    assert seat.begin().code == CodeOutcome.GONE


def test_whoever_has_a_factor_shows_it_before_adding_another(
    seat: Seat, own: Authenticator
) -> None:
    for act in (seat.begin, seat.send_code):
        with pytest.raises(StepUpNeeded):
            act()
    seat.show(own.show(seat.ask()))
    seat.register()
    assert Passkey.objects.count() == 2


def test_a_card_is_such_a_factor_too(seat: Seat) -> None:
    seat.holds_card = True
    with pytest.raises(StepUpNeeded):
        seat.send_code()
    seat.browser.shown(Factor.CARD)
    seat.register()


def test_a_passkey_comes_once_for_everybody_and_five_are_enough(seat: Seat, world: World) -> None:
    seat.browser.shown(Factor.PASSKEY)
    first = seat.register()
    assert seat.begin().options["excludeCredentials"][0]["type"] == "public-key"
    other = Seat(Browser.officer(world, "branch002"), world.now)
    assert other.keep(first.register(other.begin().options)) == O.REFUSED
    for _ in range(PASSKEYS_MOST - 1):
        seat.register()
    with pytest.raises(TooManyPasskeys):
        seat.begin()
    assert Passkey.objects.filter(user__login_name=WHO).count() == PASSKEYS_MOST


def test_what_is_asked_of_an_authenticator(seat: Seat) -> None:
    options = seat.begin(seat.send_code()).options
    assert options["rp"]["id"] == "testserver"
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["attestation"] == "none"
    assert options["timeout"] == 300_000
    (asked,) = PasskeyChallenge.objects.all()
    assert len(bytes(asked.challenge)) * 8 >= 128


# --- what an answer has to show ------------------------------------------------------------------
BENT: dict[str, Callable[[Authenticator], Authenticator]] = {
    "its holder was not verified": lambda one: one.but(flags=PRESENT),
    "nobody was there": lambda one: one.but(flags=VERIFIED),
    "another site's page": lambda one: one.but(origin="https://bank.example.evil"),
    "another site's name": lambda one: one.but(host="bank.example.evil"),
    "another port": lambda one: one.but(origin="http://testserver:8443"),
}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
def test_a_new_passkey_is_refused_when(
    seat: Seat, bend: Callable[[Authenticator], Authenticator]
) -> None:
    options = seat.begin(seat.send_code()).options
    assert seat.keep(bend(Authenticator()).register(options)) == O.REFUSED
    assert not Passkey.objects.exists()
    assert len(reasons("identity.passkey.registered")) == 1


@pytest.mark.parametrize(
    "bend",
    [*BENT.values(), lambda one: one.but(key=Authenticator().key),
     lambda one: one.but(credential_id=Authenticator().credential_id)],
    ids=[*BENT, "another key", "a passkey nobody has"],
)  # fmt: skip
def test_a_passkey_is_not_taken_when(
    seat: Seat, own: Authenticator, bend: Callable[[Authenticator], Authenticator]
) -> None:
    result = seat.show(bend(own).show(seat.ask()))
    assert (result.outcome, result.session_key) == (O.REFUSED, "")
    assert seat.browser.session.factor == Factor.PASSWORD
    assert len(reasons("identity.session.stepped_up")) == 1


@pytest.mark.req("AUTH-5")
def test_a_passkey_makes_the_session_count_for_more_under_a_new_key(
    seat: Seat, own: Authenticator
) -> None:
    before = seat.browser.session.pk
    result = seat.show(own.show(seat.ask()))
    assert result.outcome == O.DONE
    (session,) = Session.objects.filter(user__login_name=WHO)
    assert session.pk != before
    assert (session.factor, session.stepped_up_at) == (Factor.PASSKEY, seat.now)
    (passkey,) = Passkey.objects.all()
    assert (passkey.sign_count, passkey.last_used_at) == (1, seat.now)


def test_an_answer_is_good_once(seat: Seat, own: Authenticator) -> None:
    answer, who = own.show(seat.ask()), seat.who
    assert seat.show(answer).outcome == O.DONE
    assert operations.sign_in_with_passkey(**who, answer=answer).outcome == O.GONE


@pytest.mark.parametrize("origin", ["http://\x00", "http://\ud800", "x" * 5000])
def test_what_an_attacker_wrote_never_reaches_the_log(
    seat: Seat, own: Authenticator, origin: str
) -> None:
    new = Authenticator(origin=origin)
    answer = own.but(origin=origin).show(seat.ask())
    assert seat.show(answer).outcome == O.REFUSED
    assert reasons("identity.session.stepped_up") == ["the answer does not verify"]
    seat.show(own.show(seat.ask()))
    assert seat.keep(new.register(seat.begin().options)) == O.REFUSED
    assert reasons("identity.passkey.registered") == ["the answer does not verify"]
    assert not PasskeyChallenge.objects.filter(used_at__isnull=True).exists()


def test_an_answer_that_was_refused_used_its_question_up(seat: Seat, own: Authenticator) -> None:
    options = seat.ask()
    assert seat.show(own.but(flags=PRESENT).show(options)).outcome == O.REFUSED
    assert seat.show(own.show(options)).outcome == O.GONE


def test_a_question_is_one_session_s_one_purpose_s_and_lasts_five_minutes(
    seat: Seat, own: Authenticator
) -> None:
    options = seat.ask()
    elsewhere = seat.who | {"session_key_sha256": another_session(seat.browser)}
    shown = operations.sign_in_with_passkey(**elsewhere, answer=own.show(options))
    assert shown.outcome == O.GONE
    PasskeyChallenge.objects.filter(used_at__isnull=True).update(purpose="register")
    assert seat.show(own.show(options)).outcome == O.GONE
    options = seat.ask()
    seat.now += timedelta(minutes=5)
    assert seat.show(own.show(options)).outcome == O.GONE


def test_somebody_else_s_passkey_opens_nothing(
    seat: Seat, own: Authenticator, world: World
) -> None:
    other = Seat(Browser.officer(world, "branch002", factor=Factor.PASSWORD), world.now)
    theirs = other.register()
    assert seat.show(theirs.show(seat.ask())).outcome == O.REFUSED
    assert reasons("identity.session.stepped_up") == ["no passkey of this person"]


def test_a_copied_passkey_is_told_by_its_counter(seat: Seat, own: Authenticator) -> None:
    own.count = 7
    assert seat.show(own.show(seat.ask())).outcome == O.DONE
    copied = own.but(count=7)
    assert seat.show(copied.show(seat.ask())).outcome == O.REFUSED
    (reason,) = reasons("identity.session.stepped_up")
    assert "counter" in reason
    assert Passkey.objects.get().sign_count == 8
    assert seat.show(own.show(seat.ask())).outcome == O.DONE


@pytest.mark.parametrize(
    ("stored", "given", "fine"),
    [(0, 0, True), (0, 1, True), (5, 6, True), (5, 5, False), (5, 4, False), (5, 0, False)],
)
def test_a_counter_moves_on_or_never_begins(stored: int, given: int, fine: bool) -> None:
    assert counter_moves_on(stored=stored, given=given) is fine


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), lambda some: (
    st.lists(some) | st.dictionaries(
        st.sampled_from(["id", "rawId", "type", "response", "clientDataJSON", "signature",
                         "attestationObject", "authenticatorData"]), some)
)))  # fmt: skip
def test_whatever_comes_is_unfit_and_never_breaks_anything(answer: Any) -> None:
    party = relying_party()
    for read in (
        lambda: read_challenge(answer),
        lambda: read_registration(answer, party, challenge=b"x" * 32),
        lambda: read_assertion(answer, party, challenge=b"x" * 32, public_key=b"x"),
    ):
        with pytest.raises(AnswerUnfit):
            read()


# --- counting ------------------------------------------------------------------------------------
@pytest.mark.req("AUTH-10")
def test_answers_and_codes_are_counted_over_all_servers(seat: Seat) -> None:
    person = seat.who["actor"]
    limit = queries.sign_in_policy().account_limit
    for _ in range(limit):
        operations.count_passkey_try(actor=person)
    with pytest.raises(TooManyTries):
        operations.count_passkey_try(actor=person)
    for _ in range(PASSKEY_CODES_MOST):
        operations.count_passkey_code(actor=person)
    with pytest.raises(TooManyTries):
        operations.count_passkey_code(actor=person)


# --- the end of one ------------------------------------------------------------------------------
def test_one_s_own_passkey_is_ended_but_never_the_last_factor(
    seat: Seat, own: Authenticator
) -> None:
    (passkey,) = Passkey.objects.all()
    end = {"passkey_id": passkey.pk, "holds_card": False, "now": seat.now}
    with pytest.raises(StepUpNeeded):
        operations.end_passkey(actor=seat.who["actor"], **end)
    seat.browser.shown(Factor.PASSKEY)
    actor = seat.who["actor"]
    with pytest.raises(LastFactor):
        operations.end_passkey(actor=actor, **end)
    seat.register()
    operations.end_passkey(actor=actor, **end)
    assert Message.objects.filter(event="identity.passkey.ended").exists()
    with pytest.raises(PasskeyUnknown):
        operations.end_passkey(actor=actor, **end)
    assert seat.show(own.show(seat.ask())).outcome == O.REFUSED


def test_the_last_passkey_of_a_card_holder_may_go(seat: Seat, own: Authenticator) -> None:
    seat.browser.shown(Factor.CARD)
    operations.end_passkey(
        actor=seat.who["actor"], passkey_id=Passkey.objects.get().pk, holds_card=True, now=seat.now
    )
    with pytest.raises(PasskeyUnknown):
        seat.ask()


def test_nobody_ends_somebody_else_s(seat: Seat, own: Authenticator, world: World) -> None:
    other = Seat(Browser.officer(world, "branch002"), world.now)
    with pytest.raises(PasskeyUnknown):
        operations.end_passkey(
            actor=other.who["actor"], passkey_id=Passkey.objects.get().pk, holds_card=True,
            now=seat.now,
        )  # fmt: skip


@pytest.mark.req("AUTH-9")
def test_new_credentials_end_the_passkeys_of_a_bank_person(
    seat: Seat, own: Authenticator, world: World
) -> None:
    renew(world, world.staff[WHO])
    assert not Passkey.objects.filter(ended_at__isnull=True).exists()


# --- whose and where -----------------------------------------------------------------------------
def test_people_of_customers_have_none(world: World) -> None:
    person = world.holder("release1").act_as(world.now)
    with pytest.raises(PermissionMissing):
        operations.begin_passkey_sign_in(actor=person, session_key_sha256="", now=world.now)


def test_a_site_without_a_name_has_none(seat: Seat, settings: Any) -> None:
    settings.WEBAUTHN_RP_ID = ""
    with pytest.raises(PasskeysImpossible):
        seat.ask()


@pytest.mark.django_db(transaction=True)
def test_ending_for_new_credentials_is_a_step(open_world: World) -> None:
    with pytest.raises(OutsideTransaction):
        operations.end_passkeys_step(user=open_world.staff[WHO], actor="system", now=open_world.now)
    with transaction.atomic():
        ended = operations.end_passkeys_step(
            user=open_world.staff[WHO], actor="system", now=open_world.now
        )
    assert ended == 0
