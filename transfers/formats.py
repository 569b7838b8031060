"""Where the lines of a balance chart lie. Values in, SVG path data out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from kernel.money import Money

WIDTH, HEIGHT = 520, 210
LEFT, RIGHT, TOP, BOTTOM = 52, 508, 12, 180
MOST_LABELS = 5


@dataclass(frozen=True)
class Tick:
    """Name one place on an axis; x or y in user units of the drawing."""

    label: str
    x: str = ""
    y: str = ""


@dataclass(frozen=True)
class BalanceOn:
    """Hold the balance at the end of one day."""

    date: date
    money: Money


@dataclass(frozen=True)
class Chart:
    """Hold everything the chart template draws; numbers are text with a point."""

    key: str
    title: str
    summary: str
    line: str
    area: str
    y_ticks: list[Tick]
    x_ticks: list[Tick]
    last_x: str
    last_y: str
    money: Money
    rows: list[BalanceOn]
    width: int = WIDTH
    height: int = HEIGHT
    plot_left: int = LEFT
    plot_right: int = RIGHT
    plot_bottom: int = BOTTOM


def balance_chart(*, key: str, title: str, summary: str, balances: Sequence[BalanceOn]) -> Chart:
    """Lay out the balances of one account, oldest first; raise ValueError when there are none."""
    if not balances:
        raise ValueError("a chart needs at least one balance")
    values = [float(entry.money.amount) for entry in balances]
    step = axis_step(max(values))
    top = step * max(1, -(-max(values) // step))
    across = [
        LEFT + (RIGHT - LEFT) * place / max(len(values) - 1, 1) for place in range(len(values))
    ]
    down = [BOTTOM - (BOTTOM - TOP) * max(value, 0.0) / top for value in values]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(across, down, strict=True))
    every = max(len(values) // MOST_LABELS, 1)
    return Chart(
        key=key,
        title=title,
        summary=summary,
        line=line,
        area=f"{line}L{across[-1]:.1f} {BOTTOM}L{LEFT} {BOTTOM}Z",
        y_ticks=[
            Tick(short_figure(step * n), y=f"{BOTTOM - (BOTTOM - TOP) * step * n / top:.1f}")
            for n in range(round(top / step) + 1)
        ],
        x_ticks=[
            Tick(f"{balances[place].date:%m-%d}", x=f"{across[place]:.1f}")
            for place in range(every // 2, len(values), every)
        ],
        last_x=f"{across[-1]:.1f}",
        last_y=f"{down[-1]:.1f}",
        money=balances[-1].money,
        rows=list(reversed(balances)),
    )


def axis_step(highest: float) -> float:
    """Return the distance of two grid lines: 1, 2 or 5 times a power of ten, at most five lines."""
    power = 10.0 ** max(len(str(int(max(highest, 1.0)))) - 2, 0)
    steps = [power * times for times in (1, 2, 5, 10, 20, 50, 100)]
    return next(step for step in steps if step * MOST_LABELS >= highest)


def short_figure(value: float) -> str:
    """Return 1500000 as 1.5M: an axis shows the size, the table beside it the exact figure."""
    units = ((1e9, "B"), (1e6, "M"), (1e3, "k"), (1.0, ""))
    size, mark = next((unit for unit in units if value >= unit[0]), (1.0, ""))
    return f"{value / size:.1f}".removesuffix(".0") + mark


def lowest_and_highest(balances: Sequence[BalanceOn]) -> tuple[Money, Money]:
    """Return the two amounts a summary names."""
    ordered = sorted((entry.money for entry in balances), key=lambda money: money.amount)
    return ordered[0], ordered[-1]
