"""Which files are the house's own."""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
# What others wrote and is kept here as it came.
VENDORED = ("static/vendor/", "tests/vendor/", "branch_ops/formats/fonts/")
ASIDE = {".venv", ".local", ".git", "node_modules", "staticfiles", "build", "dist", "__pycache__"}


@cache
def own_files() -> tuple[Path, ...]:
    """Return every file of the project that people here wrote."""
    return tuple(path for path in _files() if not _name(path).startswith(VENDORED))


def python_files() -> list[Path]:
    """Return the Python files among them."""
    return [path for path in own_files() if path.suffix == ".py"]


def text_of(path: Path) -> str | None:
    """Return a file's text, or None where it holds something else."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return None


def _name(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def _files() -> Iterator[Path]:
    """Yield what version control knows or would take; without it, everything that is not made."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        for path in sorted(PROJECT.rglob("*")):
            if path.is_file() and not ASIDE & set(path.relative_to(PROJECT).parts):
                yield path
        return
    for name in sorted(filter(None, listed.stdout.decode().split("\0"))):
        if (PROJECT / name).is_file():
            yield PROJECT / name
