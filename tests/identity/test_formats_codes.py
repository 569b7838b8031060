"""Codes as bytes: how much chance is in them, how they are read, and what is kept of them."""

from __future__ import annotations

from collections import Counter

import pytest

from identity.formats import code_hmac, derive_code, read_code
from identity.models import OneTimeCode
from kernel import ids

pytestmark = pytest.mark.req("AUTH-7", "AUTH-9")

SUBJECT = ids.digest("a transaction")


@pytest.mark.parametrize("purpose", [str(one) for one in OneTimeCode.Purpose])
def test_every_code_is_another_one_and_long_enough_not_to_be_guessed(purpose: str) -> None:
    codes = [derive_code(purpose=purpose, subject=SUBJECT, salt=ids.token()) for _ in range(400)]
    signs, least_bits = (8, 40) if purpose == OneTimeCode.Purpose.ACTIVATION else (6, 19.9)
    assert {len(code) for code in codes} == {signs}
    assert max(Counter(codes).values()) <= 2
    used = len(set("".join(codes)))
    assert used**signs >= 2**least_bits
    # Chance, not a pattern: no place of a code prefers a sign.
    for place in range(signs):
        most = Counter(code[place] for code in codes).most_common(1)[0][1]
        assert most < 400 * 3 / used + 30


def test_a_code_comes_from_the_subjects_own_bytes_and_the_salt() -> None:
    salt = ids.token()
    one = derive_code(purpose="transaction", subject=SUBJECT, salt=salt)
    assert derive_code(purpose="transaction", subject=SUBJECT, salt=salt) == one
    others = {
        derive_code(purpose="transaction", subject=ids.digest("another"), salt=salt),
        derive_code(purpose="transaction", subject=SUBJECT, salt=ids.token()),
        derive_code(purpose="passkey", subject=SUBJECT, salt=salt),
    }
    assert one not in others


@pytest.mark.parametrize(
    "typed",
    [
        "482915",
        " 482 915 ",
        "482-915",
        "".join(chr(ord(sign) + 0xFEE0) for sign in "482915"),
        "482915\u200b",
    ],
)
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert read_code(typed) == "482915"


def test_letters_that_look_like_digits_are_read_as_those() -> None:
    assert read_code("o1il-abcd") == "0111ABCD"


def test_what_is_kept_fits_one_person_purpose_and_subject_only() -> None:
    kept = code_hmac("482915", purpose="contact", subject=SUBJECT, user_key="U1")
    assert "482915" not in kept
    assert (
        len(
            {
                kept,
                code_hmac("482916", purpose="contact", subject=SUBJECT, user_key="U1"),
                code_hmac("482915", purpose="passkey", subject=SUBJECT, user_key="U1"),
                code_hmac("482915", purpose="contact", subject="", user_key="U1"),
                code_hmac("482915", purpose="contact", subject=SUBJECT, user_key="U2"),
            }
        )
        == 5
    )
