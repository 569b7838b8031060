"""Many statements under one root: nothing can be changed, added, removed or moved."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, strategies as st

from certificates.formats.merkle import merkle_path, merkle_root, root_from_path

pytestmark = pytest.mark.req("SIGN-3")
LINES = [f'{{"line":"{number}"}}'.encode() for number in range(7)]


def sha256(data):
    return hashlib.sha256(data).digest()


def test_three_statements_make_the_documented_tree():
    a, b, c = (sha256(b"\x00" + line) for line in LINES[:3])
    assert merkle_root(LINES[:3]) == sha256(b"\x01" + sha256(b"\x01" + a + b) + c)
    assert merkle_root(LINES[:1]) == a


@pytest.mark.parametrize(
    "changed",
    [
        [*LINES[:3], b'{"line":"x"}', *LINES[4:]],
        [*LINES, LINES[-1]],
        LINES[:-1],
        [LINES[1], LINES[0], *LINES[2:]],
    ],
    ids=["changed", "added", "removed", "reordered"],
)
def test_a_batch_that_differs_has_another_root(changed):
    assert merkle_root(changed) != merkle_root(LINES)


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=40), st.data())
def test_each_statement_leads_to_the_root(statements, data):
    position = data.draw(st.integers(0, len(statements) - 1))
    path = merkle_path(statements, position)
    assert root_from_path(statements[position], path) == merkle_root(statements)
    assert root_from_path(statements[position] + b"x", path) != merkle_root(statements)


def test_an_inner_node_does_not_pass_for_a_statement():
    node = b"".join(sha256(b"\x00" + line) for line in LINES[:2])
    assert merkle_root([node]) != merkle_root(LINES[:2])


def test_a_batch_is_never_empty():
    with pytest.raises(ValueError, match="at least one"):
        merkle_root([])
    with pytest.raises(ValueError, match="position"):
        merkle_path(LINES, 7)
