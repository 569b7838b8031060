"""Addresses of a person: nothing counts before the code that was sent there is typed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.models import Message
from audit.models import Entry
from identity.errors import (
    AddressRefused,
    NothingToVerify,
    NotThisStep,
    PhoneFirst,
    PhoneFromBank,
    StepUpNeeded,
    TooManyCodes,
)
from identity.models import ContactPoint, User
from identity.operations import (
    CodeOutcome,
    choose_login_name,
    send_contact_code,
    take_contact_code,
    want_contact,
)
from identity.policies import Factor
from identity.queries import recipients
from tests.factories.newcomers import NEW_NAME, begin_anew, sent_code, wrong_code
from tests.factories.world import PASSWORD, World

pytestmark = pytest.mark.django_db
NEW_PHONE, NEW_MAIL = "+886933222111", "lin.yating@company.example"


@pytest.fixture
def maker(world: World) -> User:
    """Return a maker who has shown only the password."""
    user = world.holder("maker01", card=False).act_as(world.now)
    user.factor = Factor.PASSWORD
    return user


@pytest.fixture
def newcomer(world: World, maker: User) -> User:
    """Return a newcomer whose turn it is to verify phone and mail."""
    begin_anew(maker)
    choose_login_name(actor=maker, login_name=NEW_NAME, now=world.now)
    User.objects.filter(pk=maker.pk).update(must_change_password=False)
    return maker


def point(user: User, channel: str = "sms") -> ContactPoint:
    """Return an address as it is stored."""
    return ContactPoint.objects.get(user=user, channel=channel)


def want(world: World, user: User, address: str = NEW_PHONE, **options: object) -> object:
    """Ask for another phone with the right password, unless told otherwise."""
    given = {"channel": "sms", "password": PASSWORD, "has_card": False, **options}
    return want_contact(actor=user, address=address, now=world.now, **given)


def take(world: World, user: User, typed: str, channel: str = "sms") -> CodeOutcome:
    """Type a code."""
    return take_contact_code(actor=user, channel=channel, typed=typed, now=world.now)


def told(user: User, event: str) -> set[str]:
    """Return the addresses that were told of something."""
    rows = Message.objects.filter(recipient_key=user.public_id, event=event)
    return set(rows.values_list("address", flat=True))


@pytest.mark.req("DEL-3")
def test_an_address_is_verified_by_the_code_sent_there(world: World, newcomer: User) -> None:
    sent = send_contact_code(actor=newcomer, channel="sms", now=world.now)
    phone = point(newcomer)
    assert sent.address_masked == f"***{phone.address[-3:]}"
    assert told(newcomer, "identity.code.contact") == {phone.address}
    code = sent_code(newcomer)
    assert take(world, newcomer, wrong_code(code)) == CodeOutcome.WRONG
    assert point(newcomer).verified_at is None
    assert take(world, newcomer, code) == CodeOutcome.RIGHT
    assert point(newcomer).verified_at == world.now
    with pytest.raises(NothingToVerify):
        take(world, newcomer, code)


@pytest.mark.req("DEL-3")
def test_a_code_for_the_phone_verifies_no_mail(world: World, newcomer: User) -> None:
    send_contact_code(actor=newcomer, channel="sms", now=world.now)
    assert take(world, newcomer, sent_code(newcomer), "email") == CodeOutcome.WRONG
    assert point(newcomer, "email").verified_at is None


@pytest.mark.req("DEL-3")
def test_three_wrong_codes_and_five_minutes_end_a_code(world: World, newcomer: User) -> None:
    send_contact_code(actor=newcomer, channel="sms", now=world.now)
    code = sent_code(newcomer)
    outcomes = [take(world, newcomer, wrong_code(code)) for _ in range(3)]
    assert outcomes == [CodeOutcome.WRONG, CodeOutcome.WRONG, CodeOutcome.GONE]
    assert take(world, newcomer, code) == CodeOutcome.GONE
    send_contact_code(actor=newcomer, channel="sms", now=world.now)
    later = world.now + timedelta(minutes=5)
    typed = sent_code(newcomer)
    outcome = take_contact_code(actor=newcomer, channel="sms", typed=typed, now=later)
    assert outcome == CodeOutcome.GONE


@pytest.mark.req("DEL-3")
def test_nobody_is_sent_codes_without_end(world: World, newcomer: User) -> None:
    for _ in range(5):
        send_contact_code(actor=newcomer, channel="sms", now=world.now)
    with pytest.raises(TooManyCodes):
        send_contact_code(actor=newcomer, channel="email", now=world.now)
    later = world.now + timedelta(minutes=10)
    assert send_contact_code(actor=newcomer, channel="email", now=later)


@pytest.mark.req("DEL-3", "AUTH-9")
def test_a_newcomer_replaces_the_mail_by_the_phone_and_the_phone_by_nothing(
    world: World, newcomer: User
) -> None:
    with pytest.raises(PhoneFirst):
        want(world, newcomer, NEW_MAIL, channel="email")
    send_contact_code(actor=newcomer, channel="email", now=world.now)
    assert take(world, newcomer, sent_code(newcomer), "email") == CodeOutcome.RIGHT
    with pytest.raises(PhoneFromBank):
        want(world, newcomer)
    ContactPoint.objects.filter(user=newcomer, channel="email").update(verified_at=None)
    send_contact_code(actor=newcomer, channel="sms", now=world.now)
    assert take(world, newcomer, sent_code(newcomer)) == CodeOutcome.RIGHT
    assert want(world, newcomer, NEW_MAIL, channel="email")
    assert take(world, newcomer, sent_code(newcomer), "email") == CodeOutcome.RIGHT
    assert point(newcomer, "email").address == NEW_MAIL


@pytest.mark.req("SES-3")
def test_before_its_turn_no_address_is_touched(world: World, maker: User) -> None:
    begin_anew(maker)
    for act in (
        lambda: send_contact_code(actor=maker, channel="sms", now=world.now),
        lambda: take(world, maker, "000000"),
        lambda: want(world, maker, NEW_MAIL, channel="email"),
    ):
        with pytest.raises(NotThisStep):
            act()


@pytest.mark.req("DEL-3", "AUTH-6")
def test_the_old_phone_is_told_at_once_and_when_it_is_done(world: World, maker: User) -> None:
    old = {point(maker).address, point(maker, "email").address}
    assert want(world, maker)
    assert told(maker, "identity.contact.asked") == old
    assert told(maker, "identity.code.contact") == {NEW_PHONE}
    waiting = point(maker)
    assert waiting.address in old
    assert waiting.wanted_address == NEW_PHONE
    assert NEW_PHONE not in {reader.address for reader in recipients([maker.pk])}
    assert take(world, maker, sent_code(maker)) == CodeOutcome.RIGHT
    assert told(maker, "identity.contact.changed") == old
    done = point(maker)
    assert (done.address, done.wanted_address, done.verified_at) == (NEW_PHONE, "", world.now)
    assert not Entry.objects.filter(after__icontains=NEW_PHONE[1:]).exists()


@pytest.mark.req("DEL-3")
def test_a_code_for_an_address_is_worthless_for_the_next_one(world: World, maker: User) -> None:
    want(world, maker)
    code = sent_code(maker)
    want(world, maker, "+886933999888")
    assert take(world, maker, code) == CodeOutcome.WRONG
    assert point(maker).address != NEW_PHONE


@pytest.mark.req("AUTH-5", "AUTH-2")
def test_without_a_card_the_password_is_asked_for_and_counted(world: World, maker: User) -> None:
    assert want(world, maker, password="wrong") is None
    assert User.objects.get(pk=maker.pk).wrong_passwords == 1
    assert point(maker).wanted_address == ""
    assert not Message.objects.filter(event="identity.contact.asked").exists()


@pytest.mark.req("AUTH-5")
def test_a_card_s_holder_and_the_bank_s_people_show_more_than_a_password(
    world: World, maker: User
) -> None:
    with pytest.raises(StepUpNeeded):
        want(world, maker, has_card=True)
    officer = world.officer("branch001").act_as(world.now)
    officer.factor = Factor.PASSWORD
    with pytest.raises(StepUpNeeded):
        want(world, officer)
    officer.factor = Factor.PASSKEY
    assert want(world, officer, password="")


@pytest.mark.req("DEL-3")
@pytest.mark.parametrize(
    ("channel", "address"), [("sms", "12"), ("email", "x@y"), ("sms", NEW_MAIL)]
)
def test_what_is_no_address_is_refused(
    world: World, maker: User, channel: str, address: str
) -> None:
    with pytest.raises(AddressRefused):
        want(world, maker, address, channel=channel)


@pytest.mark.req("DEL-3")
def test_a_first_address_gets_nothing_before_it_is_verified(world: World, maker: User) -> None:
    ContactPoint.objects.filter(user=maker, channel="sms").delete()
    assert want(world, maker)
    assert {reader.channel for reader in recipients([maker.pk])} == {"email"}
    assert take(world, maker, sent_code(maker)) == CodeOutcome.RIGHT
    assert {reader.address for reader in recipients([maker.pk])} >= {NEW_PHONE}
