"""One digest for many statements: a Merkle tree (SIGN-3).

Leaves are hashed with prefix 0x00 and nodes with 0x01, so neither passes for the other; an odd
node is promoted unchanged, so no leaf counts twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def merkle_root(statements: Sequence[bytes]) -> bytes:
    """Return the 32-byte root over statements in their order; ValueError when there are none."""
    level = [_leaf(statement) for statement in statements]
    if not level:
        raise ValueError("a batch holds at least one statement")
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def merkle_path(statements: Sequence[bytes], position: int) -> list[tuple[str, bytes]]:
    """Return the siblings from leaf to root, each with its side: `left` or `right`."""
    level, path = [_leaf(statement) for statement in statements], []
    if not 0 <= position < len(level):
        raise ValueError("no statement at this position")
    while len(level) > 1:
        sibling = position ^ 1
        if sibling < len(level):
            path.append(("left" if sibling < position else "right", level[sibling]))
        level, position = _parents(level), position // 2
    return path


def root_from_path(statement: bytes, path: Sequence[tuple[str, bytes]]) -> bytes:
    """Return the root that `statement` leads to along `path`."""
    digest = _leaf(statement)
    for side, sibling in path:
        digest = _node(sibling, digest) if side == "left" else _node(digest, sibling)
    return digest


def _parents(level: list[bytes]) -> list[bytes]:
    even = len(level) - len(level) % 2
    paired = [_node(level[place], level[place + 1]) for place in range(0, even, 2)]
    return paired + level[even:]


def _leaf(statement: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + statement).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
