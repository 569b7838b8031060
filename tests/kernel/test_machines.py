"""A machine as plain data, and its picture."""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb, mermaid, sources


class Door(StrEnum):
    OPEN = "OPEN"
    SHUT = "SHUT"
    BRICKED = "BRICKED"


TABLE: Table = {
    "shut": Verb((Door.OPEN,), Door.SHUT),
    "open": Verb((Door.SHUT,), Door.OPEN),
    "brick": Verb((Door.OPEN, Door.SHUT), Door.BRICKED),
}


def test_sources_are_plain_text_for_queries() -> None:
    assert sources(TABLE, "brick") == ["OPEN", "SHUT"]
    assert all(type(state) is str for state in sources(TABLE, "brick"))


def test_the_diagram_shows_every_step_and_the_final_states() -> None:
    assert mermaid(TABLE, Door, Door.OPEN) == (
        "stateDiagram-v2\n"
        "    [*] --> OPEN\n"
        "    OPEN --> SHUT: shut\n"
        "    SHUT --> OPEN: open\n"
        "    OPEN --> BRICKED: brick\n"
        "    SHUT --> BRICKED: brick\n"
        "    BRICKED --> [*]\n"
    )
