"""What docs/requirements.toml claims, the tests show."""

from pathlib import Path

import pytest

from tools.requirements import Row, faults, read_marks, read_table

ROWS = 93


def test_the_table_and_the_marks_of_the_tests_fit() -> None:
    rows = read_table()
    assert len(rows) == ROWS
    assert faults(rows, read_marks()) == []


def test_a_done_row_that_loses_its_last_test_is_found() -> None:
    rows = read_table()
    marks = read_marks()
    done = [row.code for row in rows if row.state == "done"]
    for code in done:
        fewer = {name: tests for name, tests in marks.items() if name != code}
        assert f"{code} is called done and no test shows it" in faults(rows, fewer)


@pytest.mark.parametrize(
    ("row", "marks", "sentence"),
    [
        (Row("X-1", "a row", "finished", ""), {}, "X-1 is neither done, partial nor open"),
        (Row("X-1", "a row", "partial", ""), {}, "X-1: exactly a partial row says what is missing"),
        (Row("X-1", "a row", "open", "all"), {}, "X-1: exactly a partial row says what is missing"),
        (Row("X-1", "", "open", ""), {}, "X-1 has no title"),
        (Row("X-1", "a row", "open", ""), {"X-2": ["test"]}, "X-2 is marked by test and unknown"),
    ],
)
def test_a_row_that_does_not_fit_is_named(
    row: Row, marks: dict[str, list[str]], sentence: str
) -> None:
    assert faults([row], marks) == [sentence]


def test_a_row_that_fits_is_not_named() -> None:
    row = Row("X-1", "a row", "done", "")
    assert faults([row], {"X-1": ["tests/test_it.py::test_it"]}) == []


def test_marks_are_read_from_functions_classes_and_modules(tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    (folder / "test_marks.py").write_text(
        "import pytest\n"
        'pytestmark = [pytest.mark.django_db, pytest.mark.req("M-1")]\n'
        '@pytest.mark.req("F-1", "F-2")\ndef test_one(): ...\n'
        'def helper(): pytest.mark.req("H-1")\n'
        '@pytest.mark.req("C-1")\nclass TestTwo:\n    def test_inside(self): ...\n'
    )
    one, inside = "tests/test_marks.py::test_one", "tests/test_marks.py::TestTwo::test_inside"
    expected = {"M-1": [one, inside], "F-1": [one], "F-2": [one], "C-1": [inside]}
    assert read_marks(folder) == expected
