"""Letter secrets: 80 bits, printed in groups, read leniently, stored as a keyed hash."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st

from certificates.errors import SecretMistyped
from certificates.formats.letters import (
    encode_base32,
    format_secret,
    hash_secret,
    new_secret,
    read_secret,
    secret_matches,
)
from kernel.ids import CROCKFORD

pytestmark = pytest.mark.req("CERT-2")
KEY = b"k" * 32


def test_a_secret_is_sixteen_characters_and_a_check_character():
    secret = new_secret()
    assert re.fullmatch(f"[{CROCKFORD}]{{17}}", secret)
    assert re.fullmatch(r"(?:\w{4}-){4}\w", format_secret(secret))
    assert read_secret(format_secret(secret)) == secret
    assert len({new_secret() for _ in range(500)}) == 500


@given(st.binary(min_size=10, max_size=10))
def test_eighty_bits_are_kept_in_sixteen_characters(data):
    text = encode_base32(data)
    value = 0
    for character in text:
        value = value * 32 + CROCKFORD.index(character)
    assert len(text) == 16
    assert value.to_bytes(10, "big") == data


def a_secret_with_zeros_and_ones():
    while True:
        secret = new_secret()
        if {"0", "1"} <= set(secret):
            return secret


def test_reading_forgives_how_people_write():
    secret = a_secret_with_zeros_and_ones()
    printed = format_secret(secret)
    full_width = "".join(chr(ord(sign) + 0xFEE0) for sign in printed)
    for written in (
        printed.lower(),
        secret,
        printed.replace("-", " "),
        printed.replace("-", "–"),  # noqa: RUF001 - the dash a word processor makes
        printed.replace("0", "O"),
        printed.replace("0", "o"),
        printed.replace("1", "I"),
        printed.replace("1", "l"),
        full_width,
        f"  {printed}　",
    ):
        assert read_secret(written) == secret


def test_every_single_wrong_character_is_noticed():
    secret = new_secret()
    for place in range(17):
        for other in CROCKFORD.replace(secret[place], ""):
            with pytest.raises(SecretMistyped):
                read_secret(secret[:place] + other + secret[place + 1 :])


def test_every_exchange_of_two_characters_is_noticed():
    secret = new_secret()
    for first in range(17):
        for second in range(first + 1, 17):
            if secret[first] == secret[second]:
                continue
            signs = list(secret)
            signs[first], signs[second] = signs[second], signs[first]
            with pytest.raises(SecretMistyped):
                read_secret("".join(signs))


@pytest.mark.parametrize(
    "text", ["", "ABCD", "U" * 17, "0" * 16, "0" * 18, "0-" * 5000, "\x00" * 17]
)
def test_what_cannot_be_a_secret_is_refused(text):
    with pytest.raises(SecretMistyped):
        read_secret(text)


def test_the_hash_belongs_to_one_letter_and_one_key():
    secret = new_secret()
    stored = hash_secret(secret, key=KEY, letter_number="L-1")
    assert len(stored) == 32
    assert secret_matches(format_secret(secret), key=KEY, letter_number="L-1", stored=stored)
    assert not secret_matches(secret, key=KEY, letter_number="L-2", stored=stored)
    assert not secret_matches(secret, key=b"x" * 32, letter_number="L-1", stored=stored)
    assert not secret_matches(new_secret(), key=KEY, letter_number="L-1", stored=stored)


def test_something_mistyped_never_matches_even_the_hash_of_nothing():
    stored = hash_secret("0" * 17, key=KEY, letter_number="L-1")
    assert not secret_matches("nonsense", key=KEY, letter_number="L-1", stored=stored)
