"""A state machine as plain data: verbs, where they start, where they lead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Verb:
    """Lead from any of `sources` to `target`."""

    sources: tuple[StrEnum, ...]
    target: StrEnum


Table = Mapping[str, Verb]


def sources(table: Table, verb: str) -> list[str]:
    """Return the states from which a verb may start, as text for a query or a transition."""
    return [str(state) for state in table[verb].sources]


def mermaid(table: Table, states: type[StrEnum], first: StrEnum) -> str:
    """Return the machine as a Mermaid state diagram; states without a way out are final."""
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for verb, step in table.items():
        lines += [f"    {source} --> {step.target}: {verb}" for source in step.sources]
    leaving = {source for step in table.values() for source in step.sources}
    lines += [f"    {state} --> [*]" for state in states if state not in leaving]
    return "\n".join(lines) + "\n"
