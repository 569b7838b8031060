"""Measure, print the table, and write docs/performance.md: `python -m bench`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import facts, report
from bench.contenders import all_contenders, authority_contenders
from bench.crew import Crew, CrewFailed
from bench.http_load import site
from bench.places import AUTHORITY, BANK, ENTRIES, HORDAK, PROJECT, REPLAY, SNAPSHOT, Places, places
from bench.replay import ReplayFailed, Script, load, write_script
from bench.runner import Series, SliceRefused, interleave
from corpbank.messages import compile_catalogues
from corpbank.services import ServiceError

COMPANIES = 4
# Revoked rows beside the one certificate there is: past the guards, as only a superuser can.
FILL = """
INSERT INTO certificates_certificate
SELECT (jsonb_populate_record(NULL::certificates_certificate, to_jsonb(c) || jsonb_build_object(
    'id', 1000000 + n, 'state', 'REVOKED', 'companion_id', NULL, 'card_id', NULL,
    'serial_number', '5' || lpad(to_hex(n), 38, '0'), 'sha256', lpad(to_hex(n), 64, '0'),
    'public_key_sha256', lpad(to_hex(n), 64, '0'),
    'listed_at', c.state_since, 'listed_reason', 'SUPERSEDED'))).*
FROM (SELECT * FROM certificates_certificate WHERE state = 'ACTIVE' AND purpose = 'SIGNING'
      ORDER BY id LIMIT 1) c, generate_series(1, %s) n
"""
FEWEST_ROUNDS = 5
RECORDED = 80


def main() -> int:
    """Run everything; 1 where a slice was refused or something did not start."""
    options = _options()
    started = time.monotonic()
    cores, load_before = facts.pin_cores(), os.getloadavg()[0]
    compile_catalogues()
    try:
        with places() as found:
            series, own, script, said = _measure(found, options)
    except (SliceRefused, CrewFailed, ReplayFailed, ServiceError) as refusal:
        _tell(f"refused: {refusal}")
        return 1
    known = facts.machine(cores, said, (load_before, os.getloadavg()[0]))
    command = "make bench" if not options.quick else "python -m bench --quick"
    print("\n".join(f"{name}: {value}" for name, value in known))
    print("\n" + report.plain(report.speed_rows(series), columns=7))
    ratios = report.ratio_rows(series)
    print("\n" + report.plain(ratios, columns=5))
    print("\n" + report.plain(report.authority_rows(own), columns=6))
    print("\nNot comparable:")
    print("\n".join(f"* {row[0]}: {row[5]}" for row in ratios[1:]))
    if options.rounds >= FEWEST_ROUNDS and not options.quick:
        path = PROJECT / "docs" / "performance.md"
        path.parent.mkdir(exist_ok=True)
        text = report.document(known, series, script.statements, command, own)
        path.write_text(text, "utf-8")
        print(f"\nWritten to docs/performance.md after {time.monotonic() - started:.0f} s.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=FEWEST_ROUNDS, help="how often each one runs")
    parser.add_argument(
        "--quick", action="store_true", help="short slices, to see that it runs; writes no file"
    )
    return parser.parse_args()


def _measure(
    found: Places, options: argparse.Namespace
) -> tuple[list[Series], list[Series], Script, dict[str, str]]:
    """Set everything up, record, run the rounds; return releases' and the authority's figures."""

    def scale(count: int) -> int:
        return max(5, count // 5) if options.quick else count

    with ExitStack() as stack:
        _tell("founding the bank")
        bank = stack.enter_context(_bank(found))
        said: dict[str, str] = bank.order("servers", among=1).answers[0]
        _tell("recording the statements of a release")
        script, references = _record(found, bank, scale(RECORDED))
        checker = stack.enter_context(_crew("bench.bank", found, 1, REPLAY))
        peer = stack.enter_context(_peer(found))
        stack.enter_context(site(found))
        contenders = all_contenders(found, bank, checker, peer, script, references, scale)
        own = authority_contenders(stack.enter_context(_authority(found)), scale)
        series = interleave([*contenders, *own], options.rounds, _tell)
        broken = [
            *bank.order("broken_chains", among=1).answers[0],
            *checker.order("broken_chains").answers[0],
        ]
        if broken:
            raise SliceRefused(f"audit chains do not hold together: {', '.join(broken)}")
    split = len(contenders)
    return series[:split], series[split:], script, said


@contextmanager
def _authority(found: Places) -> Iterator[Crew]:
    """Yield one process with a bank of its own, whose list names thousands."""
    found.make_database(AUTHORITY, found.bank_environment(AUTHORITY), "--database", "owner")
    with _crew("bench.authority", found, 1, AUTHORITY) as crew:
        crew.order("found", companies=1)
        crew.order("enter")
        with found.superuser(AUTHORITY) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(FILL, [ENTRIES])
        yield crew


@contextmanager
def _bank(found: Places) -> Iterator[Crew]:
    found.make_database(BANK, found.bank_environment(), "--database", "owner")
    with _crew("bench.bank", found, COMPANIES, BANK) as crew:
        crew.order("found", among=1, companies=COMPANIES)
        crew.order("enter")
        yield crew


@contextmanager
def _crew(module: str, found: Places, size: int, database: str) -> Iterator[Crew]:
    # One connection for each process, held for its life: no pool.
    environment = found.bank_environment(database) | {"DATABASE_POOL_SIZE": "0"}
    arguments = [{"number": number, "origin": found.origin} for number in range(size)]
    crew = Crew(module, environment, arguments)
    try:
        yield crew
    finally:
        crew.close()


@contextmanager
def _peer(found: Places) -> Iterator[Crew]:
    found.make_database(HORDAK, found.hordak_environment())
    arguments = [{"number": number} for number in range(COMPANIES)]
    crew = Crew("bench.peers.hordak_posting", found.hordak_environment(), arguments)
    try:
        crew.order("found", among=1, count=COMPANIES)
        crew.order("enter")
        yield crew
    finally:
        crew.close()


def _record(found: Places, bank: Crew, releases: int) -> tuple[Script, list[list[str]]]:
    """Keep a copy of the database before `releases` of each company, and their statements."""
    references: list[list[str]] = bank.order("prepare", count=releases).answers
    bank.order("leave")
    found.copy_database(BANK, SNAPSHOT)
    script = write_script(bank.order("record").answers)
    load(found, script)
    return script, references


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
