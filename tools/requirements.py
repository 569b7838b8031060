"""Show which requirement holds, and which tests show it: ``make requirements``.

docs/requirements.toml says of each requirement whether it is done, partial (with what is missing)
or open. Tests name the rows they show with ``@pytest.mark.req("AUTH-3")``. The marks are read from
the source; nothing is run. Exit 1 when a row called done has no test, or the two do not fit.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
TABLE = PROJECT / "docs" / "requirements.toml"
STATES = ("done", "partial", "open")
Marked = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Row:
    """Carry one requirement: its ID, what it is about, its state, and what is missing of it."""

    code: str
    title: str
    state: str
    missing: str


def read_table(path: Path = TABLE) -> list[Row]:
    """Return the rows of the table in their order."""
    found = tomllib.loads(path.read_text("utf-8"))
    return [
        Row(code, row.get("title", ""), row.get("state", ""), row.get("missing", ""))
        for code, row in found.items()
    ]


def read_marks(directory: Path = PROJECT / "tests") -> dict[str, list[str]]:
    """Return the tests that carry each requirement's ID, as ``path::name``."""
    found: dict[str, list[str]] = {}
    for path in sorted(directory.rglob("test_*.py")):
        module = ast.parse(path.read_text("utf-8"), filename=str(path))
        for name, codes in _tests_of(module):
            for code in dict.fromkeys(codes):
                found.setdefault(code, []).append(f"{path.relative_to(directory.parent)}::{name}")
    return found


def faults(rows: Sequence[Row], marks: Mapping[str, Sequence[str]]) -> list[str]:
    """Return what does not fit, one sentence each."""
    known = {row.code for row in rows}
    wrong = [f"{code} is marked by {marks[code][0]} and unknown" for code in marks.keys() - known]
    for row in rows:
        if row.state not in STATES:
            wrong.append(f"{row.code} is neither done, partial nor open")
        if not row.title:
            wrong.append(f"{row.code} has no title")
        if row.state == "done" and not marks.get(row.code):
            wrong.append(f"{row.code} is called done and no test shows it")
        if (row.state == "partial") != bool(row.missing):
            wrong.append(f"{row.code}: exactly a partial row says what is missing")
    return sorted(wrong)


def _tests_of(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """Yield each test of a module with the IDs on it, on its class and on its module."""
    yield from _marked(module.body, _pytestmark(module.body), "")


def _marked(
    body: Sequence[ast.stmt], above: Sequence[str], prefix: str
) -> Iterator[tuple[str, list[str]]]:
    for node in body:
        if not isinstance(node, Marked):
            continue
        codes = [*above, *(code for item in node.decorator_list for code in _codes(item))]
        name = f"{prefix}{node.name}"
        if isinstance(node, ast.ClassDef):
            yield from _marked(node.body, [*codes, *_pytestmark(node.body)], f"{name}::")
        elif node.name.startswith("test_"):
            yield name, codes


def _pytestmark(body: Sequence[ast.stmt]) -> list[str]:
    found = []
    for node in body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark":
            several = isinstance(node.value, ast.List | ast.Tuple)
            found += node.value.elts if several else [node.value]  # type: ignore[attr-defined]
    return [code for item in found for code in _codes(item)]


def _codes(node: ast.expr) -> list[str]:
    """Return the IDs of ``pytest.mark.req(…)``, and none of any other expression."""
    if not isinstance(node, ast.Call) or ast.unparse(node.func) != "pytest.mark.req":
        return []
    return [argument.value for argument in node.args if isinstance(argument, ast.Constant)]


def main() -> int:
    """Print the table and what does not fit."""
    rows, marks = read_table(), read_marks()
    for row in rows:
        tests = marks.get(row.code, [])
        print(f"{row.code:8} {row.state:8} {len(tests):3} tests  {row.title}")
        if row.missing:
            print(f"{'':8} missing: {row.missing}")
        for test in tests:
            print(f"{'':12} {test}")
    counted = ", ".join(f"{sum(row.state == state for row in rows)} {state}" for state in STATES)
    print(f"\n{len(rows)} requirements: {counted}")
    wrong = faults(rows, marks)
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
