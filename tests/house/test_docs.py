"""What the pages point to is there."""

import re
from pathlib import Path

import pytest

from tests.house.tree import own_files

PROJECT = Path(__file__).resolve().parents[2]
PAGES = [path for path in own_files() if path.suffix == ".md"]
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)")
FENCE = re.compile(r"```.*?```", re.DOTALL)
# A file or folder in backticks, from the project's folder on.
NAMED = re.compile(r"`((?:[a-z_]+/)+[\w.-]+/?)`")
# Named as what an operator makes, or a part of the demo's own folder.
MADE = re.compile(r"deploy/(?:secrets|environment|tls)")
PICTURES = {
    "counter.png",
    "first-use.png",
    "sign-in.png",
    "inbox.png",
    "request.png",
    "released.png",
    "staff.png",
}


def _name(path: Path) -> str:
    return str(path.relative_to(PROJECT))


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        if "pictures/" in target:
            assert Path(target).name in PICTURES
        else:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_files_that_are_named_are_there(page: Path) -> None:
    found = [name for name in NAMED.findall(page.read_text("utf-8")) if not MADE.match(name)]
    missing = [name for name in found if not (PROJECT / name).exists()]
    assert missing == []


def test_both_readmes_tell_the_same_story() -> None:
    texts = [(PROJECT / name).read_text("utf-8") for name in ("README.md", "README.zh-Hant.md")]
    for pattern in (
        r"^## ",
        r"^\d+\. ",
        r"!\[[^\]]*\]\(([^)]+)\)",
        r"^```sh$",
        r"`[a-z0-9]+\.datong`",
    ):
        counts = [len(re.findall(pattern, text, re.MULTILINE)) for text in texts]
        assert counts[0] == counts[1] > 0, pattern
