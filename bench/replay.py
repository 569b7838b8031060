"""Send the very statements of recorded releases with pgbench: the limit of this database.

Each client is one company and does its releases in the order they were recorded, on a copy of the
database as it was before: so running balances and the hash chain come out the same. Only numbers
that sequences give follow the order in which clients happen to come.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from bench.places import REPLAY, SNAPSHOT, Places
from corpbank.services.postgresql import APP

if TYPE_CHECKING:
    from bench.recording import Statement, Value

Case = Sequence["Statement"]
PATIENCE_SECONDS = 120
# The one value that another statement of the same release has just made.
MADE = {
    ("approvals_decision", "signature_id"): "currval('certificates_signature_id_seq')",
}


class ReplayFailed(Exception):
    """Say why the recorded statements cannot be sent again, or what pgbench said."""


@dataclass(frozen=True, slots=True)
class Script:
    """A pgbench script, the values that never change, and one row of values for each release."""

    text: str
    constants: dict[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayed:
    """What pgbench measured: releases per second, and the median of one in milliseconds."""

    per_second: float
    median_ms: float
    done: int


def write_script(clients: Sequence[Sequence[Case]]) -> Script:
    """Turn the releases of each client into one script. Raises ReplayFailed where they differ."""
    cases = [case for client in clients for case in client]
    first = cases[0]
    for case in cases:
        if [one.query for one in case] != [one.query for one in first]:
            raise ReplayFailed("not every release sends the same statements")
    names = _Names()
    lines = [
        _filled(statement.query, number, cases, names) for number, statement in enumerate(first)
    ]
    read = f"SELECT {', '.join(names.varying.values())} FROM bench_case"
    head = ["\\set n :n + 1", f"{read} WHERE client = :client_id AND n = :n \\gset", "BEGIN;"]
    places = [(c, n) for c, client in enumerate(clients) for n in range(1, len(client) + 1)]
    rows = [
        (str(client), str(n), *(column[row] for column in names.varying))
        for row, (client, n) in enumerate(places)
    ]
    return Script(
        text="\n".join([*head, *(f"{line};" for line in lines), "COMMIT;", ""]),
        constants={name: column[0] for column, name in names.constant.items()},
        columns=tuple(names.varying.values()),
        rows=tuple(rows),
        statements=tuple(" ".join(statement.query.split()) for statement in first),
    )


class _Names:
    """Name the values of all releases; what is equal in each release has one name."""

    def __init__(self) -> None:
        self.constant: dict[tuple[str, ...], str] = {}
        self.varying: dict[tuple[str, ...], str] = {}

    def of(self, column: tuple[str, ...]) -> str:
        kept, letter = (self.constant, "c") if len(set(column)) == 1 else (self.varying, "v")
        return kept.setdefault(column, f"{letter}{len(kept) + 1}")


def _filled(query: str, number: int, cases: Sequence[Case], names: _Names) -> str:
    made = _made(query)

    def fill(match: re.Match[str]) -> str:
        place = int(match[1]) - 1
        if place in made:
            return made[place]
        values: list[Value] = [case[number].values[place] for case in cases]
        kind = next((value.kind for value in values if value.kind), "")
        cast = f"::{kind}" if kind else ""
        texts = [value.text for value in values if value.text is not None]
        if not texts:
            return f"NULL{cast}"
        if not any(texts):
            return f"''{cast}"  # pgbench takes no empty value by its command line
        if len(texts) < len(values):
            raise ReplayFailed("a value is there in one release and missing in another")
        return f":{names.of(tuple(texts))}{cast}"

    return re.sub(r"\$(\d+)", fill, query).strip()


def _made(query: str) -> dict[int, str]:
    """Return by their place the values of an INSERT that the database has just made itself."""
    for (table, column), expression in MADE.items():
        match = re.match(rf'INSERT INTO "{table}" \(([^)]*)\) VALUES \(([^)]*)\)', query)
        if match:
            columns = [name.strip(' "') for name in match[1].split(",")]
            value = match[2].split(",")[columns.index(column)].strip()
            return {int(value.removeprefix("$")) - 1: expression}
    return {}


def load(places: Places, script: Script) -> None:
    """Keep the values of all releases in the snapshot that every replay is a copy of."""
    columns = sql.SQL(", ").join(
        sql.SQL("{} text NOT NULL").format(sql.Identifier(name)) for name in script.columns
    )
    with places.superuser(SNAPSHOT) as connection:
        connection.execute(
            sql.SQL(
                "CREATE TABLE bench_case (client int, n int, {}, PRIMARY KEY (client, n))"
            ).format(columns)
        )
        connection.execute(sql.SQL("GRANT SELECT ON bench_case TO {}").format(sql.Identifier(APP)))
        with connection.cursor().copy("COPY bench_case FROM STDIN") as copy:
            for row in script.rows:
                copy.write_row(row)
        connection.execute("ANALYZE")


def replay(places: Places, script: Script, *, clients: int, releases: int) -> Replayed:
    """Send the recorded releases once, on a fresh copy. Raises ReplayFailed."""
    places.copy_database(SNAPSHOT, REPLAY)
    parts = conninfo_to_dict(places.postgresql.url(APP, REPLAY))
    environment = os.environ | {
        "PGHOST": str(parts["host"]), "PGPORT": str(parts["port"]),
        "PGUSER": str(parts["user"]), "PGPASSWORD": str(parts["password"]),
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="corpbank-bench-") as directory:
        file = Path(directory) / "release.sql"
        file.write_text(script.text, "utf-8")
        command: list[str] = [str(places.program("pgbench")), "--no-vacuum", "-M", "prepared"]
        command += ["-c", str(clients), "-j", str(min(clients, 2)), "-t", str(releases)]
        command += ["-f", str(file), "-D", "n=0", "--log", "--log-prefix", f"{directory}/log"]
        for name, value in script.constants.items():
            command += ["-D", f"{name}={value}"]
        result = subprocess.run(
            [*command, REPLAY], env=environment, cwd=directory, capture_output=True, text=True,
            timeout=PATIENCE_SECONDS, check=False,
        )  # fmt: skip
        if result.returncode != 0:
            raise ReplayFailed(result.stderr[-2000:])
        return _read(result.stdout, Path(directory), clients * releases)


def _read(output: str, directory: Path, wanted: int) -> Replayed:
    speed = re.search(r"^tps = ([\d.]+)", output, re.M)
    processed = re.search(r"actually processed: (\d+)", output)
    failed = re.search(r"failed transactions: (\d+)", output)
    if not (speed and processed and failed) or (int(processed[1]), int(failed[1])) != (wanted, 0):
        raise ReplayFailed(output[-2000:])
    times = [
        int(line.split()[2]) / 1000
        for log in directory.glob("log*")
        for line in log.read_text("utf-8").splitlines()
    ]
    return Replayed(float(speed[1]), statistics.median(times), wanted)
