"""Start the demo's processes in order, watch them, and end every one of them."""

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from corpbank.demo.configuration import DIRECTORY, LOGS, PROJECT, Ports, Refusal, environment
from corpbank.services import Addresses
from corpbank.services.processes import LOOPBACK, last_lines, spawn, stop

READY_SECONDS = 60
WATCH_SECONDS = 0.5
PREPARE_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the demo: its name, command and environment, and the port it answers on."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int | None = None

    @property
    def log(self) -> Path:
        """Return where what it prints is kept."""
        return LOGS / f"{self.name}.log"


@dataclass(frozen=True, slots=True)
class Running:
    """A program and the process that runs it."""

    program: Program
    child: subprocess.Popen[bytes]


def programs(addresses: Addresses, ports: Ports) -> list[Program]:
    """Return what runs besides the services, in the order it is started."""
    enterprise = environment(addresses, ports, site="enterprise", owner=False)
    staff = environment(addresses, ports, site="staff", owner=False)
    celery = ["celery", "--app", "corpbank.celery", "--quiet"]
    worker = [
        *celery,
        "worker",
        "--concurrency",
        "1",
        "--loglevel",
        "INFO",
        "--hostname",
        "demo@%h",
    ]
    schedule = str(DIRECTORY / "beat-schedule")
    sinks = ["corpbank.demo.sinks", str(DIRECTORY), str(ports.smtp), str(ports.messages)]
    return [
        Program("sinks", sinks, enterprise, ports.messages),
        Program("enterprise", _gunicorn(ports.enterprise, workers=2), enterprise, ports.enterprise),
        Program("staff", _gunicorn(ports.staff, workers=1), staff, ports.staff),
        Program("worker", [*worker, "--without-gossip", "--without-mingle"], enterprise),
        Program("beat", [*celery, "beat", "--loglevel", "INFO", "-s", schedule], enterprise),
    ]


def _gunicorn(port: int, *, workers: int) -> list[str]:
    return [
        *("gunicorn", "corpbank.wsgi:application", "--bind", f"{LOOPBACK}:{port}"),
        *("--workers", str(workers), "--threads", "16", "--graceful-timeout", "3"),
        *("--no-control-socket", "--log-level", "warning"),
    ]


def prepare(addresses: Addresses, ports: Ports) -> str:
    """Migrate, collect, load; return the sign-ins as text.

    Raises Refusal with the last lines of the log when it fails.
    """
    log = LOGS / "prepare.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w", encoding="utf-8") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "corpbank.demo.prepare"],
            env=dict(environment(addresses, ports, site="staff", owner=True)),
            cwd=PROJECT,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            errors = _show_progress(child)
            child.wait(PREPARE_SECONDS)
        finally:
            if child.poll() is None:
                child.kill()
    if child.returncode != 0:
        raise Refusal(f"The demo bank could not be prepared:\n{errors}")
    return log.read_text("utf-8")


def _show_progress(child: subprocess.Popen[str]) -> str:
    """Print the child's lines of progress; return what else it wrote."""
    errors = []
    for line in child.stderr or ():
        if line.endswith("…\n"):
            sys.stdout.write(line)
            sys.stdout.flush()
        else:
            errors.append(line)
    return "".join(errors[-12:])


@contextmanager
def started(wanted: Sequence[Program]) -> Iterator[list[Running]]:
    """Run all programs for the length of a `with` block; end them all, whatever happens.

    Raises Refusal with a program's last words when it ends before it answers.
    """
    running: list[Running] = []
    try:
        running.extend(Running(program, _start(program)) for program in wanted)
        for one in running:
            _await(one)
        yield running
    finally:
        _end(running)


def watch(running: Sequence[Running], addresses: Addresses) -> None:
    """Return never; raise Refusal with the last words of the first process that ends."""
    while True:
        for one in running:
            if one.child.poll() is not None:
                raise Refusal(_last_words(one))
        for server in addresses.servers:
            if server.child is not None and server.child.poll() is not None:
                words = last_lines(server.log)
                raise Refusal(f"{server.name} has ended. The last lines of its log:\n{words}")
        time.sleep(WATCH_SECONDS)


def _start(program: Program) -> subprocess.Popen[bytes]:
    program.log.parent.mkdir(parents=True, exist_ok=True)
    program.log.unlink(missing_ok=True)
    command = [sys.executable, "-m", *program.command]
    return spawn(command, log=program.log, env=program.environment, cwd=PROJECT)


def _await(one: Running) -> None:
    """Wait until the program answers on its port, if it has one."""
    deadline = time.monotonic() + READY_SECONDS
    while one.program.port is not None and not _answers(one.program.port):
        if one.child.poll() is not None or time.monotonic() > deadline:
            raise Refusal(_last_words(one))
        time.sleep(0.05)


def _answers(port: int) -> bool:
    """Return whether something speaks HTTP there, whatever it says."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=20)
    with suppress(OSError, http.client.HTTPException):
        connection.request("GET", "/")
        connection.getresponse().read()
        connection.close()
        return True
    connection.close()
    return False


def _last_words(one: Running) -> str:
    name, code = one.program.name, one.child.poll()
    how = "does not answer" if code is None else f"has ended (status {code})"
    words = last_lines(one.program.log)
    return f"The {name} process {how}. The last lines of {one.program.log}:\n{words}"


def _end(running: Sequence[Running]) -> None:
    """Ask all to end at once, then wait for each and end what it left behind."""
    for one in running:
        with suppress(ProcessLookupError):
            one.child.send_signal(signal.SIGTERM)
    for one in running:
        stop(one.child)
