"""Turns are taken fairly, failures refuse the run, ratios are those of medians."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bench.contenders import Slice
from bench.report import authority_rows, gist, ratio_rows, speed_rows
from bench.runner import Series, SliceRefused, interleave


@dataclass
class Runner:
    """Take part with given speeds, and note every turn."""

    name: str
    speeds: list[float]
    turns: list[str]
    wrong: list[str] = field(default_factory=list)

    def prepare(self) -> None:
        """Do nothing."""

    def run(self) -> Slice:
        """Return the next speed."""
        self.turns.append(self.name)
        return Slice(self.speeds.pop(0))

    def findings(self) -> list[str]:
        """Return what is wrong with the books."""
        return self.wrong


def test_contenders_take_turns_and_each_round_begins_with_another() -> None:
    turns: list[str] = []
    series = interleave(
        [Runner("a", [1.0, 2.0, 3.0], turns), Runner("b", [4.0, 5.0, 6.0], turns)], 3, turns.count
    )
    assert turns == ["a", "b", "b", "a", "a", "b"]
    assert [one.speeds for one in series] == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]


def test_one_finding_in_the_books_refuses_the_run() -> None:
    with pytest.raises(SliceRefused, match="legs do not sum"):
        interleave([Runner("a", [1.0], [], wrong=["legs do not sum"])], 1, str)


def test_a_ratio_is_that_of_medians_with_the_extremes_of_single_rounds() -> None:
    series = [
        Series("release in process, 4 processes", tuple(map(Slice, (10.0, 20.0, 60.0)))),
        Series("hordak transfer_to, 4 processes", tuple(map(Slice, (40.0, 40.0, 40.0)))),
    ]
    assert speed_rows(series)[1][1:4] == ["20", "10", "60"]
    (row,) = ratio_rows(series)[1:]
    assert row[1:5] == ["0.50", "0.25", "1.50", ">= 1.2"]
    assert "hordak posts only" in row[5]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ('SELECT "a" FROM "x" WHERE 1 = 1', "read x"),
        ('SELECT "a" FROM "x" JOIN y ON true FOR UPDATE OF "x"', "lock x, y"),
        ("WITH e AS (UPDATE a SET b = 1) INSERT INTO c SELECT 1", "update a, insert into c"),
        ("SELECT c.* FROM c FOR SHARE OF c FOR UPDATE OF r", "lock c"),
    ],
)
def test_a_statement_is_told_in_a_few_words(query: str, words: str) -> None:
    assert gist(query) == words


def test_the_authoritys_acts_are_told_in_milliseconds_beside_their_aims() -> None:
    slices = tuple(Slice(1000 / ms, cpu_ms=ms / 2, p50_ms=ms) for ms in (0.5, 0.4, 0.6))
    told = authority_rows([Series("verify one signature: chain, scope, state", slices)])
    assert told[1][1:] == ["0.50", "0.40", "0.60", "0.25", "<= 1"]
