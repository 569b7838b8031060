"""What an entry's hash covers, and where a chain breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from audit.policies import Fact, Link, entry_hash, first_break
from kernel.clock import TAIPEI

NOW = datetime(2026, 11, 22, 2, 0, 0, 123_456, tzinfo=UTC)
FACT = Fact(
    chain="bank", position=1, at=NOW, event="identity.user.added", outcome="done", actor="system",
    target="user:U1", address="203.0.113.5", request_number="r1", before={}, after={"name": "王"},
    reason="",
)  # fmt: skip
OTHER: dict[str, Any] = {
    "chain": "unit:001", "position": 2, "at": NOW + timedelta(microseconds=1), "event": "other",
    "outcome": "refused", "actor": "U2", "target": "user:U2", "address": "203.0.113.6",
    "request_number": "r2", "before": {"a": 1}, "after": {"name": "李"}, "reason": "because",
}  # fmt: skip


def chain_of(length: int) -> list[Link]:
    links: list[Link] = []
    previous = bytes(32)
    for position in range(1, length + 1):
        fact = replace(FACT, position=position, target=f"user:U{position}")
        digest = entry_hash(fact, previous)
        links.append(Link(fact, previous, digest))
        previous = digest
    return links


def broken(links: list[Link], *, height: int, head: bytes) -> tuple[int, str] | None:
    found = first_break("bank", links, height=height, head=head)
    return (found.position, found.what) if found else None


@pytest.mark.req("AUD-1")
@pytest.mark.parametrize("member", sorted(OTHER))
def test_the_hash_covers_every_member(member: str) -> None:
    assert set(OTHER) == set(Fact.__dataclass_fields__)
    changed = replace(FACT, **{member: OTHER[member]})
    assert entry_hash(changed, bytes(32)) != entry_hash(FACT, bytes(32))


def test_the_hash_covers_what_came_before() -> None:
    assert entry_hash(FACT, bytes(32)) != entry_hash(FACT, b"\1" + bytes(31))


def test_the_hash_is_of_the_moment_not_of_its_spelling() -> None:
    in_taipei = replace(FACT, at=NOW.astimezone(TAIPEI))
    assert entry_hash(in_taipei, bytes(32)) == entry_hash(FACT, bytes(32))


def test_a_whole_chain_has_no_break_and_neither_has_an_empty_one() -> None:
    links = chain_of(5)
    assert broken(links, height=5, head=links[-1].hash) is None
    assert broken([], height=0, head=bytes(32)) is None


@given(st.integers(1, 8), st.data())
def test_any_damage_to_any_row_is_found(length: int, data: st.DataObject) -> None:
    links = chain_of(length)
    head = links[-1].hash
    place = data.draw(st.integers(0, length - 1))
    damage = data.draw(st.sampled_from(["changed", "removed", "swapped", "inserted", "cut"]))
    hurt = list(links)
    if damage == "changed":
        fact = replace(hurt[place].fact, reason="never happened")
        hurt[place] = replace(hurt[place], fact=fact)
    elif damage == "removed":
        del hurt[place]
    elif damage == "swapped":
        other = (place + 1) % length
        hurt[place], hurt[other] = hurt[other], hurt[place]
    elif damage == "inserted":
        hurt.insert(place, hurt[place])
    else:
        hurt = hurt[:place]
    expected_whole = hurt == links
    assert (broken(hurt, height=length, head=head) is None) is expected_whole


def test_a_row_rewritten_with_a_fitting_hash_breaks_the_next_one() -> None:
    links = chain_of(3)
    fact = replace(links[1].fact, actor="somebody else")
    hurt = [links[0], Link(fact, links[0].hash, entry_hash(fact, links[0].hash)), links[2]]
    assert broken(hurt, height=3, head=links[-1].hash) == (3, "reordered")


def test_a_last_row_rewritten_with_a_fitting_hash_is_not_the_one_the_head_names() -> None:
    links = chain_of(2)
    fact = replace(links[1].fact, actor="somebody else")
    hurt = [links[0], Link(fact, links[0].hash, entry_hash(fact, links[0].hash))]
    assert broken(hurt, height=2, head=links[-1].hash) == (3, "cut off")
