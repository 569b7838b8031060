"""The table of OWASP ASVS 5.0: every requirement is answered, and every yes has its test."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.house.tree import PROJECT

TABLE = PROJECT / "docs" / "security" / "asvs.md"
# ASVS 5.0, chapters V6 (authentication) and V7 (session management), up to level 3.
SECTIONS = {
    "6.1": 3, "6.2": 12, "6.3": 8, "6.4": 6, "6.5": 8, "6.6": 4, "6.7": 2, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 3, "7.6": 2,
}  # fmt: skip
EXPECTED = [f"{section}.{n}" for section, most in SECTIONS.items() for n in range(1, most + 1)]
SHORTEST_REASON = 30


@dataclass(frozen=True)
class Answer:
    """Hold one row: requirement, level, yes / no / does not apply, how or why not, tests."""

    number: str
    level: str
    holds: str
    reason: str
    tests: tuple[str, ...]


def answers(text: str) -> list[Answer]:
    """Return the rows of the tables in a page."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and re.fullmatch(r"\d\.\d\.\d+", cells[0]):
            tests = tuple(re.findall(r"`(tests/[^`]+)`", cells[4]))
            rows.append(Answer(cells[0], cells[1], cells[2], cells[3], tests))
    return rows


def exists(test: str) -> bool:
    """Tell whether a test named `file::name` is there."""
    name, _, function = test.partition("::")
    path: Path = PROJECT / name
    if not path.is_file():
        return False
    tree = ast.parse(path.read_text("utf-8"))
    return any(
        isinstance(node, ast.FunctionDef) and node.name == function for node in ast.walk(tree)
    )


ROWS = answers(TABLE.read_text("utf-8"))


def test_every_requirement_of_both_chapters_is_answered_once() -> None:
    assert [row.number for row in ROWS] == EXPECTED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.number)
def test_a_yes_names_its_test_and_a_no_its_reason(row: Answer) -> None:
    assert row.level in ("1", "2", "3")
    assert row.holds in ("yes", "no", "does not apply")
    assert len(row.reason) >= SHORTEST_REASON
    assert bool(row.tests) == (row.holds == "yes")
    assert [test for test in row.tests if not exists(test)] == []


@pytest.mark.parametrize(
    ("line", "known"),
    [
        ("`tests/house/test_asvs.py::exists`", True),
        ("`tests/house/test_asvs.py::gone`", False),
        ("`tests/house/gone.py::exists`", False),
    ],
)
def test_a_test_that_is_gone_is_found(line: str, known: bool) -> None:
    (row,) = answers(f"| 6.1.1 | 1 | yes | because of what stands here | {line} |")
    assert exists(row.tests[0]) is known
