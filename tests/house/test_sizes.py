"""A file fits in one sitting, a function on one screen."""

import ast
from pathlib import Path

from tests.house.tree import PROJECT, own_files, python_files

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
# Files somebody reads as program or page; catalogues, locks and tables are looked up instead.
READ = {".py", ".js", ".html", ".sh"}


def test_no_file_is_longer_than_four_hundred_lines() -> None:
    counted = {
        str(path.relative_to(PROJECT)): len(path.read_text("utf-8").splitlines())
        for path in own_files()
        if path.suffix in READ and "migrations" not in path.parts  # written by makemigrations
    }
    assert {name: n for name, n in counted.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = [found for path in python_files() for found in _long_functions(path)]
    assert long == []


def test_a_room_has_a_name_that_says_what_it_holds() -> None:
    assert [str(path) for path in python_files() if path.name in {"utils.py", "helpers.py"}] == []


def _long_functions(path: Path) -> list[str]:
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    return [
        f"{path.relative_to(PROJECT)}:{node.lineno} {node.name}"
        for node in functions
        if (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_LINES_OF_A_FUNCTION
    ]
