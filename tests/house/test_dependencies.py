"""The page on dependencies names what is locked, and the lock holds hashes."""

import re
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
ROW = re.compile(
    r"^\| ([A-Za-z0-9._-]+) \| (\S+) \| \d{4}-\d\d-\d\d \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE
)
LOCKS = ("runtime", "dev", "bench")


def direct() -> set[str]:
    """Return the names that the project itself asks for."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    asked = [*project["dependencies"], *(name for extra in extras for name in extra)]
    return {re.split(r"[\[~=<>! ]", name)[0].lower() for name in asked}


def locked(name: str) -> dict[str, str]:
    """Return the editions of one lock by name."""
    text = (PROJECT / "requirements" / f"{name}.lock").read_text("utf-8")
    return {found.lower(): edition for found, edition in LOCKED.findall(text)}


def test_the_page_names_every_direct_dependency_in_its_locked_edition() -> None:
    editions = {name: edition for lock in LOCKS for name, edition in locked(lock).items()}
    rows = ROW.findall((PROJECT / "docs" / "dependencies.md").read_text("utf-8"))
    said = {name.lower(): edition for name, edition, _, _ in rows}
    assert said == {name: editions[name] for name in direct()}


def test_every_row_of_the_page_says_licence_and_reason() -> None:
    rows = ROW.findall((PROJECT / "docs" / "dependencies.md").read_text("utf-8"))
    assert [name for name, _, licence, why in rows if not (licence.strip() and why.strip())] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_everything_in_a_lock_has_a_hash(lock: str) -> None:
    text = (PROJECT / "requirements" / f"{lock}.lock").read_text("utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


def test_the_locks_agree_on_what_the_program_runs_with() -> None:
    runtime = locked("runtime")
    for lock in ("dev", "bench"):
        other = locked(lock)
        assert {name: other.get(name) for name in runtime} == runtime
