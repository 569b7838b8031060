"""The keypad and the number at the door: worth something once, for a short time, here alone."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.utils import translation
from PIL import Image

from audit.models import Entry
from identity import operations
from identity.errors import DoorShut, NotOffered, TooManyTries
from identity.gateways import short_memory
from identity.models import SignInPolicy
from identity.operations import Deal
from identity.render import key_name, number_picture, number_words
from tests.factories.entering import codes_for
from tests.factories.threads import at_once

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ADDRESS = "203.0.113.7"
SECRET = "Harbour-2026!"
LATER = NOW + timedelta(seconds=10)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _offered(db: None) -> None:
    SignInPolicy.objects.update(keypad_offered=True, number_offered=True)


def deal() -> Deal:
    return operations.deal_keypad(address=ADDRESS, now=NOW)


def read(dealt: Deal, codes: list[str], now: datetime = LATER) -> str | None:
    return operations.read_keypad(deal_id=dealt.id, codes=codes, now=now)


# --- keypad --------------------------------------------------------------------------------------
@pytest.mark.req("KEY-1")
def test_codes_of_a_keypad_become_the_password_again() -> None:
    dealt = deal()
    assert read(dealt, codes_for(dealt, SECRET)) == SECRET


@pytest.mark.req("KEY-1")
def test_a_keypad_has_every_sign_once_each_with_a_code_of_its_own() -> None:
    dealt = deal()
    keys = [*dealt.digits, *dealt.signs, *[key for pair in dealt.letters for key in pair]]
    assert "".join(sorted(key.sign for key in keys)) == "".join(map(chr, range(33, 127)))
    assert len({key.code for key in keys}) == len(keys) == 94
    assert min(len(key.code) for key in keys) >= 11  # 64 bits
    assert all(lower.sign.upper() == upper.sign for lower, upper in dealt.letters)


@pytest.mark.req("KEY-1")
def test_keys_lie_elsewhere_and_codes_differ_each_time() -> None:
    one, other = deal(), deal()
    assert one.id != other.id
    for row in ("digits", "letters", "signs"):
        lies = [[str(key) for key in getattr(dealt, row)] for dealt in (one, other)]
        assert lies[0] != lies[1]
    assert [pair[0].sign for pair in one.letters] != sorted(pair[0].sign for pair in one.letters)
    assert not {key.code for key in one.digits} & {key.code for key in other.digits}


@pytest.mark.req("KEY-1")
def test_a_keypad_is_used_once_whatever_was_entered() -> None:
    dealt = deal()
    codes = codes_for(dealt, SECRET)
    assert read(dealt, codes) == SECRET
    assert read(dealt, codes) is None
    spoilt = deal()
    assert read(spoilt, ["made-up"]) is None
    assert read(spoilt, codes_for(spoilt, SECRET)) is None


@pytest.mark.req("KEY-1")
def test_what_the_keypad_does_not_have_is_refused() -> None:
    one, other = deal(), deal()
    assert read(one, codes_for(other, SECRET)) is None  # another keypad's codes
    assert read(other, []) is None
    for unknown in ("", "made-up", "x" * 500):
        found = operations.read_keypad(deal_id=unknown, codes=["x"], now=LATER)
        assert found is None
    third = deal()
    assert read(third, codes_for(third, "a") * 129) is None


@pytest.mark.req("KEY-1")
@pytest.mark.parametrize(
    ("milliseconds", "is_read"),
    [(0, False), (1039, False), (1040, True), (120_000, True), (120_001, False), (-500, False)],
)
def test_an_entry_takes_as_long_as_a_person_and_not_longer_than_the_keypad(
    milliseconds: int, is_read: bool
) -> None:
    dealt = deal()
    assert len(SECRET) * 80 == 1040
    entered = read(dealt, codes_for(dealt, SECRET), NOW + timedelta(milliseconds=milliseconds))
    assert (entered == SECRET) is is_read


@pytest.mark.req("KEY-1")
def test_the_figures_are_the_policys_at_once() -> None:
    dealt = deal()
    SignInPolicy.objects.update(keypad_seconds=30)
    assert read(dealt, codes_for(dealt, SECRET), NOW + timedelta(seconds=31)) is None
    assert deal().seconds == 30
    last = deal()
    SignInPolicy.objects.update(keypad_offered=False)
    assert read(last, codes_for(last, SECRET)) is None
    with pytest.raises(NotOffered):
        deal()


@pytest.mark.req("KEY-1")
def test_of_many_who_replay_a_keypad_at_once_one_gets_the_password() -> None:
    dealt = deal()
    place = f"race:{dealt.id}"
    short_memory().put(place, SECRET, seconds=30)
    taken = at_once([lambda: short_memory().take(place)] * 8)
    assert sorted(str(value or "") for value in taken) == [""] * 7 + [SECRET]


@pytest.mark.req("KEY-1", "AUTH-10")
def test_one_address_gets_only_so_many_keypads_and_numbers() -> None:
    SignInPolicy.objects.update(address_limit=5)
    for _ in range(4):
        deal()
    operations.draw_number(number_id="page", address=ADDRESS, now=NOW)
    with pytest.raises(TooManyTries):
        deal()
    with pytest.raises(TooManyTries):
        operations.draw_number(number_id="page", address=ADDRESS, now=NOW)
    assert operations.deal_keypad(address="198.51.100.9", now=NOW).id


@pytest.mark.req("AUTH-8", "AUTH-10")
def test_refused_entries_are_written_down_to_the_limit_and_once_above_it() -> None:
    SignInPolicy.objects.update(address_limit=5)
    for number in range(9):
        with pytest.raises(TooManyTries) if number >= 5 else nullcontext():
            operations.refuse_entry(why="keypad", address=ADDRESS, now=NOW)
    refused = Entry.objects.filter(event="identity.session.opened.refused").order_by("pk")
    assert list(refused.values_list("reason", flat=True)) == [
        *["keypad"] * 5, "identity.too_many_tries",
    ]  # fmt: skip


@pytest.mark.req("AUTH-8", "AUTH-10")
def test_a_refused_entry_that_cannot_be_counted_is_written_down(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    with pytest.raises(DoorShut):
        operations.refuse_entry(why="number", address=ADDRESS, now=NOW)
    assert Entry.objects.get().reason == DoorShut().code


@pytest.mark.req("AUTH-10")
def test_without_the_shared_memory_there_is_no_keypad_and_no_number(
    settings: LazySettings,
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    for ask in (
        deal,
        lambda: operations.read_keypad(deal_id="x", codes=["x"], now=NOW),
        lambda: operations.draw_number(number_id="x", address=ADDRESS, now=NOW),
        lambda: operations.check_number(number_id="x", typed="1", now=NOW),
    ):
        with pytest.raises(DoorShut):
            ask()


@pytest.mark.req("KEY-1", "PWD-3")
def test_a_keypad_says_nothing_about_itself_in_the_log_or_in_rows() -> None:
    before = Entry.objects.count()
    dealt = deal()
    read(dealt, codes_for(dealt, SECRET))
    assert Entry.objects.count() == before


# --- number --------------------------------------------------------------------------------------
def draw(page: str = "page") -> str:
    return operations.draw_number(number_id=page, address=ADDRESS, now=NOW)


def check(typed: str, page: str = "page", now: datetime = LATER) -> bool:
    return operations.check_number(number_id=page, typed=typed, now=now)


@pytest.mark.req("KEY-2")
def test_a_number_is_typed_right_once_and_in_time() -> None:
    digits = draw()
    assert len(digits) == 6
    assert digits.isdigit()
    assert check(digits)
    assert not check(digits)
    wrong = draw()
    assert not check("")
    assert not check(wrong)  # used up by the try before
    assert not check(draw(), now=NOW + timedelta(seconds=121))
    assert not check("123456", page="unknown")


@pytest.mark.req("KEY-2")
def test_a_number_may_be_typed_full_width_and_with_spaces() -> None:
    digits = draw()
    full_width = "".join(chr(ord(digit) + 0xFEE0) for digit in digits)
    assert check(f" {full_width[:3]}　{full_width[3:]} ")


@pytest.mark.req("KEY-2")
def test_a_new_picture_takes_the_place_of_the_one_before() -> None:
    old = draw()
    new = draw()
    while new == old:  # once in a million
        new = draw()
    assert not check(old)


@pytest.mark.req("KEY-2")
def test_a_number_is_said_in_words_once_and_can_still_be_typed() -> None:
    digits = draw()
    assert operations.tell_number(number_id="page", now=NOW) == digits
    assert operations.tell_number(number_id="page", now=NOW) == ""
    assert operations.tell_number(number_id="unknown", now=NOW) == ""
    assert check(digits)
    draw()
    assert operations.tell_number(number_id="page", now=NOW + timedelta(seconds=120)) == ""


@pytest.mark.req("KEY-2")
def test_a_number_that_is_not_offered_is_not_drawn() -> None:
    SignInPolicy.objects.update(number_offered=False)
    with pytest.raises(NotOffered):
        draw()


@pytest.mark.req("KEY-2")
def test_the_words_are_the_readers() -> None:
    with translation.override("en"):
        assert number_words("9051") == "nine zero five one"
        assert [key_name(sign) for sign in "aA7!"] == ["a", "capital A", "7", "exclamation mark"]
    with translation.override("zh-hant"):
        assert number_words("9051") == "九 零 五 一"
        assert [key_name(sign) for sign in "aA!"] == ["a", "大寫 A", "驚嘆號"]


@pytest.mark.req("KEY-2")
def test_the_picture_is_another_one_each_time_and_carries_no_text(tmp_path) -> None:
    one, other = number_picture("314159"), number_picture("314159")
    assert one != other
    assert b"314159" not in one
    file = tmp_path / "number.png"
    file.write_bytes(one)
    with Image.open(file) as picture:
        assert (picture.format, picture.size) == ("PNG", (266, 68))
        assert not picture.info
