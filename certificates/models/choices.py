"""Vocabularies as choices of a column: what is stored is the member's name."""

from __future__ import annotations

from enum import StrEnum


def choices(values: type[StrEnum]) -> list[tuple[str, str]]:
    """Return the choices of a column for an enumeration."""
    return [(value.name, value.name) for value in values]
