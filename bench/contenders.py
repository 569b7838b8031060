"""Who is measured: each prepares a slice, runs it, and says whether the books are right."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from bench.crew import Crew, Done
from bench.http_load import send
from bench.places import Places
from bench.replay import Script, replay


@dataclass(frozen=True, slots=True)
class Slice:
    """One contender's run in one round.

    `per_second` counts releases or postings. Where they are known: `cpu_ms` is the processor time
    of one in the measured processes, `p50_ms` the median of one, `form_ms` that of its form alone,
    without the page after it.
    """

    per_second: float
    cpu_ms: float | None = None
    p50_ms: float | None = None
    form_ms: float | None = None
    failures: tuple[str, ...] = ()


class Contender(Protocol):
    """Take part in every round."""

    name: str

    def prepare(self) -> None:
        """Do what is not measured."""

    def run(self) -> Slice:
        """Do what is measured."""

    def findings(self) -> list[str]:
        """Return what is wrong with the books after the slice."""


@dataclass(slots=True)
class InProcess:
    """Release by calling the operation, in one process for each company."""

    crew: Crew
    processes: int
    each: int
    references: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return f"release in process, {_processes(self.processes)}"

    def prepare(self) -> None:
        """Submit and sign."""
        done = self.crew.order("prepare", among=self.processes, count=self.each)
        self.references = [reference for answer in done.answers for reference in answer]

    def run(self) -> Slice:
        """Release all that was prepared."""
        done = self.crew.order("release", among=self.processes)
        return _slice(done, len(self.references))

    def findings(self) -> list[str]:
        """Verify the ledger, and that everything was released and posted."""
        return _findings(self.crew, self.references)


@dataclass(slots=True)
class OverHTTP:
    """Release by the form of the decision page and read the page that follows."""

    crew: Crew
    places: Places
    browsers: int
    each: int
    forms: list[dict[str, object]] = field(default_factory=list)
    references: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return f"release over HTTP, {self.browsers} browser{'s' if self.browsers > 1 else ''}"

    def prepare(self) -> None:
        """Submit and sign with each browser's own session."""
        done = self.crew.order("prepare_forms", among=self.browsers, count=self.each)
        self.forms = done.answers

    def run(self) -> Slice:
        """Send the forms."""
        sent = send(self.places.port, self.forms)
        self.references = sent.references
        return Slice(
            per_second=len(sent.references) / sent.seconds,
            p50_ms=statistics.median(sent.times_ms),
            form_ms=statistics.median(sent.forms_ms) if sent.forms_ms else None,
            failures=tuple(sent.failures),
        )

    def findings(self) -> list[str]:
        """Verify the ledger, and that everything was released and posted."""
        return _findings(self.crew, self.references)


@dataclass(slots=True)
class Statements:
    """Send the recorded statements with pgbench."""

    places: Places
    checker: Crew
    script: Script
    references: list[list[str]]
    clients: int

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return f"same statements in pgbench, {self.clients} client{'s' if self.clients > 1 else ''}"

    def prepare(self) -> None:
        """Do nothing: the copy of the database belongs to the run, and is not timed there."""

    def run(self) -> Slice:
        """Let pgbench send them."""
        found = replay(
            self.places, self.script, clients=self.clients, releases=len(self.references[0])
        )
        return Slice(per_second=found.per_second, p50_ms=found.median_ms)

    def findings(self) -> list[str]:
        """Verify the copy's ledger, and that everything was released and posted."""
        return _findings(
            self.checker, [one for own in self.references[: self.clients] for one in own]
        )


@dataclass(slots=True)
class Hordak:
    """Post with django-hordak, in one process for each pair of accounts."""

    crew: Crew
    processes: int
    each: int

    @property
    def name(self) -> str:
        """Return what the table calls it."""
        return f"hordak transfer_to, {_processes(self.processes)}"

    def prepare(self) -> None:
        """Do nothing: a bare posting needs nothing before it."""

    def run(self) -> Slice:
        """Post."""
        done = self.crew.order("post", among=self.processes, count=self.each)
        return _slice(done, self.processes * self.each)

    def findings(self) -> list[str]:
        """Compare the sums of the accounts with what was posted."""
        return [finding for answer in self.crew.order("findings").answers for finding in answer]


@dataclass(slots=True)
class Authority:
    """Do one thing of the authority again and again, in one process, and time each."""

    crew: Crew
    name: str
    before: tuple[str, dict[str, object]] | None
    act: str
    given: dict[str, object]
    after: str = ""

    def prepare(self) -> None:
        """Sign the statements or write the questions."""
        if self.before is not None:
            self.crew.order(self.before[0], **self.before[1])

    def run(self) -> Slice:
        """Do it."""
        (told,) = self.crew.order(self.act, **self.given).answers
        times = told["times"]
        return Slice(
            per_second=len(times) / (sum(times) / 1000),
            cpu_ms=told["cpu"] * 1000 / len(times),
            p50_ms=statistics.median(times),
            failures=tuple(told["failures"]),
        )

    def findings(self) -> list[str]:
        """Look for what must be there afterwards."""
        return list(self.crew.order(self.after).answers[0]) if self.after else []


def authority_contenders(crew: Crew, scale: Callable[[int], int]) -> list[Contender]:
    """Return what the authority does for others: once a signature, once a change, once a question.

    The list has 5,000 entries; `scale` turns a full number of acts into this run's.
    """
    signing: tuple[str, dict[str, object]] = ("sign", {"count": scale(40)})
    return [
        Authority(crew, "verify one signature: chain, scope, state", signing, "judge", {}),
        Authority(crew, "verify and accept it in a decision", signing, "accept", {}, "accepted"),
        Authority(crew, "revocation list of 5,000", None, "publish", {"count": 3}, "lists"),
        Authority(
            crew, "OCSP answer signed beforehand",
            ("ask", {"count": scale(100), "nonce": False}), "answer", {},
        ),
        Authority(
            crew, "OCSP answer to a nonce", ("ask", {"count": scale(100), "nonce": True}),
            "answer", {},
        ),
    ]  # fmt: skip


def all_contenders(
    places: Places,
    bank: Crew,
    checker: Crew,
    peer: Crew | None,
    script: Script,
    references: list[list[str]],
    scale: Callable[[int], int],
) -> list[Contender]:
    """Return everybody who takes part; `scale` turns a full number of acts into this run's."""
    most = len(bank.hands)
    found: list[Contender] = [
        InProcess(bank, 1, scale(40)),
        InProcess(bank, most, scale(25)),
        OverHTTP(bank, places, 1, scale(20)),
        OverHTTP(bank, places, most, scale(12)),
        Statements(places, checker, script, references, 1),
        Statements(places, checker, script, references, most),
    ]
    if peer is not None:
        found += [Hordak(peer, 1, scale(150)), Hordak(peer, most, scale(100))]
    return found


def _slice(done: Done, count: int) -> Slice:
    cpu = sum(answer["cpu"] for answer in done.answers)
    failures = [failure for answer in done.answers for failure in answer["failures"]]
    return Slice(count / done.seconds, cpu_ms=cpu * 1000 / count, failures=tuple(failures))


def _findings(crew: Crew, references: list[str]) -> list[str]:
    answers = crew.order("findings", among=1, references=references).answers
    return [finding for answer in answers for finding in answer]


def _processes(count: int) -> str:
    return f"{count} process{'es' if count > 1 else ''}"
