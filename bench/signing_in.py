"""Measure the door: one password's hash, and a release while a hundred people sign in.

    python -m bench.signing_in

Prints the milliseconds of one Argon2id hash at the production cost, and how much longer the form
of a release takes while a hundred people keep signing in at the same two processes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlencode

from argon2.low_level import Type, hash_secret_raw

from bench import facts, report
from bench.crew import Crew
from bench.http_load import CSRF_COOKIE, Sent, ask, send, site
from bench.places import BANK, Places, places
from corpbank.messages import compile_catalogues

PEOPLE, RELEASES, HASHES = 100, 10, 20
# Being asked to come back is logged as an error; here it is counted.
SETTINGS = {"DJANGO_SETTINGS_MODULE": "bench.door_settings", "LOG_LEVEL": "CRITICAL"}
# A hundred people at one address: the bench is no attack, and its own database lets them all in.
OPEN_DOOR = """
ALTER TABLE identity_signinpolicy DROP CONSTRAINT identity_policy_bounds;
UPDATE identity_signinpolicy SET address_limit = 1000000, account_limit = 1000000
"""


@dataclass(slots=True)
class Crowd:
    """People who sign in again and again; names that nobody has cost what a wrong password does."""

    port: int
    over: threading.Event = field(default_factory=threading.Event)
    statuses: Counter[int] = field(default_factory=Counter)
    seconds: float = 0.0

    def press(self, number: int) -> None:
        """Sign in until it is over; whoever is asked to come back in a few seconds does."""
        token = f"{number:032x}"
        headers = {
            "Cookie": f"{CSRF_COOKIE}={token}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        typed = {"company_code": "99999999", "login_name": f"nobody{number}", "password": "x"}
        body = urlencode(typed | {"csrfmiddlewaretoken": token})
        while not self.over.is_set():
            try:
                status = ask(self.port, "POST", "/sign-in/", headers, body)[0]
            except OSError:
                status = 0
            self.statuses[status] += 1
            if status != 422:
                self.over.wait(3)


def main() -> int:
    """Measure and print; 1 where a release failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.signing_in", description=__doc__)
    parser.parse_args()
    facts.pin_cores()
    compile_catalogues()
    hashing = one_hash(HASHES)
    with places() as found, _releaser(found) as crew, site(found, **SETTINGS):
        turns = [_turn(found, crew, crowded=crowded) for crowded in (False, True, False)]
    alone, crowded = _forms(turns[::2]), _forms(turns[1:2])
    failures = [failure for sent, _crowd in turns for failure in sent.failures]
    statuses: Counter[int] = sum((crowd.statuses for _sent, crowd in turns), Counter())
    seconds = sum(crowd.seconds for _sent, crowd in turns)
    rows = [
        ["what", "median", "min", "max"],
        ["one Argon2id hash at the production cost (ms)", *_figures(hashing)],
        ["form of a release, alone (ms)", *_figures(alone)],
        [f"form of a release while {PEOPLE} people sign in (ms)", *_figures(crowded)],
        ["the second / the first", f"{_median(crowded) / _median(alone):.2f}", "", ""],
        ["sign-ins judged in a second meanwhile", f"{statuses[422] / seconds:.1f}", "", ""],
        ["asked to try again in a few seconds", str(statuses[503]), "", ""],
    ]
    print(report.plain(rows, columns=4))
    print("\n".join(failures))
    return 1 if failures or set(statuses) - {422, 503} else 0


def one_hash(times: int) -> list[float]:
    """Return the milliseconds of each of so many hashes, one after the other."""
    from corpbank.settings.base import ARGON2_COST  # noqa: PLC0415 - after the environment is read

    passes, memory, lanes = ARGON2_COST
    found = []
    for _ in range(times):
        began = time.perf_counter()
        hash_secret_raw(b"a password", os.urandom(16), passes, memory, lanes, 32, Type.ID)
        found.append((time.perf_counter() - began) * 1000)
    return found


@contextmanager
def _releaser(found: Places) -> Iterator[Crew]:
    """Yield the process that prepares signed releases of one company."""
    found.make_database(BANK, found.bank_environment(), "--database", "owner")
    with found.superuser(BANK) as connection:
        connection.execute(OPEN_DOOR)
    environment = found.bank_environment() | {"DATABASE_POOL_SIZE": "0"}
    crew = Crew("bench.bank", environment, [{"number": 0, "origin": found.origin}])
    try:
        crew.order("found", companies=1)
        crew.order("enter")
        yield crew
    finally:
        crew.close()


def _turn(found: Places, crew: Crew, *, crowded: bool) -> tuple[Sent, Crowd]:
    print("among the crowd" if crowded else "alone", file=sys.stderr, flush=True)
    forms = crew.order("prepare_forms", count=RELEASES).answers
    crowd = Crowd(found.port)
    threads = [
        threading.Thread(target=crowd.press, args=(number,))
        for number in range(PEOPLE if crowded else 0)
    ]
    for thread in threads:
        thread.start()
    if crowded:
        time.sleep(2)  # until all of them are at the door
    began = time.perf_counter()
    try:
        crowd.statuses.clear()
        sent = send(found.port, forms)
    finally:
        crowd.seconds = time.perf_counter() - began if crowded else 0.0
        crowd.over.set()
        for thread in threads:
            thread.join()
    return sent, crowd


def _forms(turns: Sequence[tuple[Sent, Crowd]]) -> list[float]:
    return [one for sent, _crowd in turns for one in sent.forms_ms]


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _figures(values: Sequence[float]) -> list[str]:
    return [f"{value:.1f}" for value in (_median(values), min(values), max(values))]


if __name__ == "__main__":
    sys.exit(main())
