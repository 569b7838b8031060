"""Put what was measured into words: for the terminal, and for docs/performance.md."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.runner import Series

PROCESS, HTTP, PGBENCH, HORDAK = (
    "release in process, {}",
    "release over HTTP, {}",
    "same statements in pgbench, {}",
    "hordak transfer_to, {}",
)
NOT_PGBENCH = (
    "pgbench judges nothing, verifies no signature and builds no object; it is told every value"
    " beforehand and reads them by one statement more"
)
NOT_HORDAK = (
    "hordak posts only: no request, roles, rights, limits, signature, messages or audit; it is a"
    " general library, and its balances are summed when they are read"
)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Divide one series by another; `of` is `speed` or `time`. The goal is only ever printed."""

    upper: str
    lower: str
    of: str
    goal: str
    not_comparable: str


# What is aimed at, in milliseconds; printed, never asserted.
AIMS = {
    "verify one signature: chain, scope, state": "<= 1",
    "revocation list of 5,000": "<= 1000",
}

COMPARISONS = (
    Comparison(
        PROCESS.format("4 processes"), PGBENCH.format("4 clients"), "speed", ">= 0.25", NOT_PGBENCH
    ),
    Comparison(PROCESS.format("1 process"), PGBENCH.format("1 client"), "speed", "", NOT_PGBENCH),
    Comparison(
        HTTP.format("4 browsers"), PGBENCH.format("4 clients"), "speed", ">= 0.15",
        NOT_PGBENCH + "; over HTTP the session, the form's token and the page after it count too,"
        " and the browsers run on the same cores",
    ),
    Comparison(
        HTTP.format("1 browser"), PGBENCH.format("1 client"), "time", "<= 6",
        NOT_PGBENCH + "; over HTTP there are two requests: the form and the page after it",
    ),
    Comparison(
        PROCESS.format("4 processes"), HORDAK.format("4 processes"), "speed", ">= 1.2", NOT_HORDAK
    ),
    Comparison(PROCESS.format("1 process"), HORDAK.format("1 process"), "speed", "", NOT_HORDAK),
    Comparison(
        PROCESS.format("4 processes"), PROCESS.format("1 process"), "speed", "",
        "the database works on the same two cores",
    ),
    Comparison(
        HTTP.format("4 browsers"), PROCESS.format("4 processes"), "speed", "",
        "two workers instead of four processes; session, token, and the page after the form",
    ),
)  # fmt: skip


def speed_rows(series: Sequence[Series]) -> list[list[str]]:
    """Return the table of per-round medians, minima and maxima, its head first."""
    head = ["contender", "per s: median", "min", "max", "ms of one", "of it the form", "CPU ms"]
    rows = [
        [
            one.name,
            *(f"{value:.0f}" for value in _spread(one.speeds)),
            f"{statistics.median(one.times):.1f}" if one.times else "",
            "" if one.form_ms is None else f"{one.form_ms:.1f}",
            "" if one.cpu_ms is None else f"{one.cpu_ms:.1f}",
        ]
        for one in series
    ]
    return [head, *rows]


def authority_rows(series: Sequence[Series]) -> list[list[str]]:
    """Return the table of the authority's acts: milliseconds of one, its head first."""
    rows = [["act", "ms of one: median", "min", "max", "CPU ms", "aim"]]
    for one in series:
        figures = [*_spread(one.times), one.cpu_ms or 0.0]
        rows.append([one.name, *(f"{value:.2f}" for value in figures), AIMS.get(one.name, "")])
    return rows


def ratio_rows(series: Sequence[Series]) -> list[list[str]]:
    """Return the table of ratios, its head first; those without both sides are left out.

    The ratio is that of the medians; beside it the smallest and largest ratio within one round.
    """
    named = {one.name: one for one in series}
    rows = [["ratio", "of medians", "min", "max", "goal", "not comparable, because"]]
    for comparison in COMPARISONS:
        if comparison.upper not in named or comparison.lower not in named:
            continue
        upper, lower = (
            _values(named[name], comparison.of) for name in (comparison.upper, comparison.lower)
        )
        each = [one / other for one, other in zip(upper, lower, strict=True)]
        found = statistics.median(upper) / statistics.median(lower)
        what = f"{comparison.upper} / {comparison.lower}"
        what += " (milliseconds of one)" if comparison.of == "time" else ""
        figures = [f"{value:.2f}" for value in (found, min(each), max(each))]
        rows.append([what, *figures, comparison.goal, comparison.not_comparable])
    return rows


def plain(rows: Sequence[Sequence[str]], *, columns: int) -> str:
    """Return the first columns of a table for a terminal."""
    shown = [list(row[:columns]) for row in rows]
    widths = [max(len(row[place]) for row in shown) for place in range(columns)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in shown
    )


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + "---|" * len(rows[0]), *lines[1:]])


def gist(query: str) -> str:
    """Return what a statement does in a few words: what it locks, reads or writes."""
    without_locks = re.sub(r"FOR (NO KEY )?(UPDATE|SHARE)( OF [\w\", ]+)?", "", query)
    writes = [
        f"{verb.lower()} {table}"
        for verb, table in re.findall(r'(INSERT INTO|UPDATE) "?(\w+)"?', without_locks)
    ]
    if writes:
        return ", ".join(writes)
    tables = list(dict.fromkeys(re.findall(r'(?:FROM|JOIN) "?(\w+)"?', without_locks)))
    locked = re.search(r"FOR (NO KEY )?(UPDATE|SHARE)", query)
    return f"{'lock' if locked else 'read'} {', '.join(tables)}"


APART = """## Measured apart

* `python -m bench.signing_in`: one Argon2id hash at the production cost (ms), and the form of a
  release while a hundred people sign in at the same two processes, beside the same form alone.
  Passwords are checked outside transactions and connections, a few at a time in each process
  (`SIGN_IN_HASHES`, `SIGN_IN_WAITING`); who comes on top of that is asked to try again.
"""


def document(
    facts: Iterable[tuple[str, str]],
    series: Sequence[Series],
    statements: Sequence[str],
    command: str,
    authority: Sequence[Series] = (),
) -> str:
    """Return the whole of docs/performance.md."""
    listed = "\n".join(f"{n}. {gist(query)}" for n, query in enumerate(statements, start=1))
    rounds = len(series[0].slices)
    return f"""# How fast one release is

Written by `{command}`; run it again rather than believe it. Absolute figures drift by a factor of
two from hour to hour and from machine to machine: **only ratios within one run count**. Nothing
here is asserted by a test; tests count statements instead (`tests/walks/test_statement_count.py`).

## On what

{markdown([["what", "which"], *map(list, facts)])}

## What was measured

One release is the last signature on a transfer: the request and its policy are read, role, rights,
limits and certificate judged, the signature verified, then everything is locked and written: the
signature, the decision, the limit used, the posting, the messages, the audit entry. Submitting and
signing happen before and are not measured. Each process, browser and client is a company of its
own. {rounds} rounds; in each, every contender ran once, each round beginning with another one.
After every slice the ledger was verified and every release looked for; a single failure refuses
the run. pgbench sends the statements that were recorded from the same releases, company by company
in the same order, on a copy of the database as it was before, so that it
writes the same balances and the same hash chain.

## Speed

{markdown(speed_rows(series))}

## Ratios

{markdown(ratio_rows(series))}

## The authority

In one process, beside the others in the same rounds; medians of the rounds' medians. Verifying has
every row at hand and remembers no chain from before; accepting it reads, locks and writes in a
transaction of its own. The list is read from the database, signed and stored. An answer signed
beforehand is looked up and compared with the certificate's row; one with a nonce is signed for it.

{markdown(authority_rows(authority))}

{APART}
## The {len(statements)} statements of one release

Besides BEGIN and COMMIT; each room writes its own rows.

{listed}
"""


def _values(series: Series, of: str) -> list[float]:
    return series.times if of == "time" else series.speeds


def _spread(values: Sequence[float]) -> tuple[float, float, float]:
    return statistics.median(values), min(values), max(values)
