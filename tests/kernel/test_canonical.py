"""One spelling for each value, and no text that reads otherwise than it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, strategies as st

from kernel.canonical import canonical_bytes, has_hidden_characters, plain_text, sha256_hex
from kernel.errors import RuleBroken

HIDDEN = [
    "\u202e", "\u202d", "\u202a", "\u2066", "\u2067", "\u2069", "\u200e", "\u200f", "\u061c",
    "\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\x00", "\x07", "\t", "\n", "\r", "\x1b",
    "\x7f", "\x85", "\u2028", "\u2029", "\ue000", "\U000e0041", "\u3164", "\u034f", "\u2800",
]  # fmt: skip


@pytest.mark.req("SIGN-1")
@pytest.mark.parametrize("sign", HIDDEN, ids=[f"U+{ord(sign):04X}" for sign in HIDDEN])
def test_a_sign_nobody_sees_is_refused(sign: str) -> None:
    text = f"台北{sign}電子"
    assert has_hidden_characters(text)
    with pytest.raises(RuleBroken) as refused:
        plain_text(text)
    assert refused.value.code == "text.hidden_characters"


@pytest.mark.parametrize(
    "text", ["", "王小明", "台積電 (TSMC)", "Ωmega & Söhne <b>", "𠮷野家", "０\u3000－", "👍"]
)
def test_visible_text_is_kept(text: str) -> None:
    assert not has_hidden_characters(text)
    assert plain_text(text) == unicodedata.normalize("NFC", text)


def test_one_letter_in_two_spellings_becomes_one() -> None:
    assert plain_text("Cafe\u0301") == plain_text("Caf\u00e9") == "Caf\u00e9"


def test_members_stand_in_one_order_without_spaces() -> None:
    assert canonical_bytes({"b": "2", "a": ["1", None, True]}) == b'{"a":["1",null,true],"b":"2"}'
    assert canonical_bytes({"名": "臺"}) == '{"名":"臺"}'.encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), JSON))
def test_the_order_in_which_members_were_written_does_not_matter(value: dict[str, object]) -> None:
    turned = dict(reversed(list(value.items())))
    assert canonical_bytes(value) == canonical_bytes(turned)


def test_a_digest_is_hexadecimal_sha256() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert sha256_hex(b"") == empty
