"""Names nobody can guess, numbers that never meet."""

from __future__ import annotations

from hypothesis import given, strategies as st

from kernel.ids import CROCKFORD, digest, readable, scatter, token


@given(st.lists(st.integers(0, 10**8 - 1), min_size=2, max_size=50, unique=True))
def test_scattered_numbers_never_meet(sequences: list[int]) -> None:
    assert len({scatter(number) for number in sequences}) == len(sequences)


def test_a_whole_small_range_is_scattered_onto_itself() -> None:
    everything = {scatter(number, digits=3) for number in range(1_000)}
    assert everything == {f"{number:03d}" for number in range(1_000)}


@given(st.integers(0, 10**12))
def test_a_scattered_number_has_its_digits(number: int) -> None:
    text = scatter(number)
    assert len(text) == 8
    assert text.isascii()
    assert text.isdigit()


def test_neighbours_do_not_look_like_neighbours() -> None:
    assert abs(int(scatter(1)) - int(scatter(2))) > 1_000


def test_random_names_are_new_each_time_and_fit_their_alphabet() -> None:
    assert len({token() for _ in range(100)}) == 100
    assert len(token()) >= 43
    text = readable(200)
    assert len(text) == 200
    assert set(text) <= set(CROCKFORD)
    assert not set("ILOU") & set(CROCKFORD)


def test_a_digest_says_nothing_but_the_same_for_the_same() -> None:
    assert digest("a") == digest("a") != digest("b")
    assert len(digest("臺北")) == 64
