"""Let the contenders take turns, check the books after every turn, refuse turns with failures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bench.contenders import Contender, Slice


class SliceRefused(Exception):
    """Say which slice does not count, and why: then nothing is reported at all."""


@dataclass(frozen=True, slots=True)
class Series:
    """Everything measured of one contender, a slice for each round."""

    name: str
    slices: tuple[Slice, ...]

    @property
    def speeds(self) -> list[float]:
        """Return acts per second, round by round."""
        return [one.per_second for one in self.slices]

    @property
    def times(self) -> list[float]:
        """Return the median milliseconds of one act, round by round; empty where unknown."""
        return [one.p50_ms for one in self.slices if one.p50_ms is not None]

    @property
    def cpu_ms(self) -> float | None:
        """Return the median processor time of one act in milliseconds, where it is known."""
        return _median(one.cpu_ms for one in self.slices)

    @property
    def form_ms(self) -> float | None:
        """Return the median milliseconds of a form without the page after it, where it is known."""
        return _median(one.form_ms for one in self.slices)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def interleave(
    contenders: Sequence[Contender], rounds: int, tell: Callable[[str], None]
) -> list[Series]:
    """Run every contender once a round, each round beginning with another one.

    Raises SliceRefused.
    """
    found: dict[str, list[Slice]] = {contender.name: [] for contender in contenders}
    for number in range(rounds):
        turn = number % len(contenders)
        for contender in [*contenders[turn:], *contenders[:turn]]:
            measured = _measured(contender)
            found[contender.name].append(measured)
            tell(f"round {number + 1}: {contender.name}: {measured.per_second:.0f}/s")
    return [Series(name, tuple(slices)) for name, slices in found.items()]


def _measured(contender: Contender) -> Slice:
    contender.prepare()
    measured = contender.run()
    wrong = [*measured.failures, *contender.findings()]
    if wrong:
        listed = "\n  ".join(wrong[:10])
        raise SliceRefused(f"{contender.name}: {len(wrong)} failures\n  {listed}")
    return measured
