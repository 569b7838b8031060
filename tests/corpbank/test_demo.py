"""The demo starts everything, ends everything, and says in one sentence what is in its way."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from corpbank.demo.configuration import PORT_VARIABLES
from corpbank.services.postgresql import locate
from corpbank.services.processes import LOOPBACK, free_port

PATIENCE_SECONDS = 240
VARIABLES = [variable for variable, _ in PORT_VARIABLES.values()]


@pytest.fixture(scope="module")
def demo_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Return an environment in which the demo has ports and a directory of its own."""
    place = tmp_path_factory.mktemp("demo")
    ports: set[int] = set()
    while len(ports) < len(VARIABLES):
        ports.add(free_port())
    numbers = dict(zip(VARIABLES, map(str, ports), strict=True))
    yield {**os.environ, **numbers, "CORPBANK_LOCAL": str(place)}
    subprocess.run(["rm", "-rf", str(locate(place / "services").home)], check=True)


@contextmanager
def demo(environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run the demo for the length of a `with` block, from the moment it says it is ready."""
    command = [sys.executable, "-m", "corpbank.demo"]
    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        lines = []
        try:
            for line in process.stdout or ():
                lines.append(line)
                if line.startswith("Ready"):
                    break
            assert lines, "it said nothing"
            assert lines[-1].startswith("Ready"), "".join(lines)
            yield process
        finally:
            with suppress(ProcessLookupError):
                process.kill()


def descendants(process: int) -> set[int]:
    """Return the ids of all processes that stem from this one, children of children included."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            fields = entry.read_text("utf-8", "replace").rsplit(")", 1)[1].split()
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, queue = set(), [process]
    while queue:
        children = parents.get(queue.pop(), [])
        found.update(children)
        queue.extend(children)
    return found


def living(processes: set[int]) -> set[int]:
    """Return those of the processes that still run."""
    alive = set()
    for number in processes:
        with suppress(FileNotFoundError, ProcessLookupError):
            state = Path(f"/proc/{number}/stat").read_text("utf-8", "replace").rsplit(")", 1)[1]
            if state.split()[0] != "Z":
                alive.add(number)
    return alive


def wait_until_gone(processes: set[int]) -> set[int]:
    """Return who still runs after a reasonable while."""
    deadline = time.monotonic() + 30
    while living(processes) and time.monotonic() < deadline:
        time.sleep(0.1)
    return living(processes)


def status_of(port: str) -> int:
    """Return the HTTP status of the front page at a port."""
    connection = http.client.HTTPConnection(LOOPBACK, int(port), timeout=20)
    connection.request("GET", "/")
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_everything_starts_and_everything_ends(
    demo_environment: dict[str, str], how: signal.Signals
) -> None:
    with demo(demo_environment) as process:
        for variable in ("CORPBANK_ENTERPRISE_PORT", "CORPBANK_STAFF_PORT"):
            assert status_of(demo_environment[variable]) < 500
        assert status_of(demo_environment["CORPBANK_MESSAGES_PORT"]) == 200
        started = descendants(process.pid)
        # PostgreSQL, Valkey, sinks, two sites with their workers, worker, beat.
        assert len(started) > 9
        process.send_signal(how)
        process.wait(60)
        assert wait_until_gone(started) == set()


def test_a_process_that_dies_is_named(demo_environment: dict[str, str]) -> None:
    with demo(demo_environment) as process:
        beat = next(
            number
            for number in descendants(process.pid)
            if b"\0beat\0" in Path(f"/proc/{number}/cmdline").read_bytes()
        )
        os.kill(beat, signal.SIGKILL)
        rest = process.stdout.read() if process.stdout else ""
        assert process.wait(60) == 1
    assert "The beat process has ended" in rest
    assert "beat.log" in rest


@pytest.mark.parametrize("variable", VARIABLES)
def test_a_taken_port_is_named_with_its_variable(
    demo_environment: dict[str, str], variable: str
) -> None:
    with socket.create_server((LOOPBACK, int(demo_environment[variable]))):
        answer = subprocess.run(
            [sys.executable, "-m", "corpbank.demo"],
            env=demo_environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
    assert answer.returncode == 1
    assert answer.stderr.count("\n") == 1
    assert demo_environment[variable] in answer.stderr
    assert variable in answer.stderr


def test_a_port_must_be_one(demo_environment: dict[str, str]) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "corpbank.demo"],
        env=demo_environment | {"CORPBANK_STAFF_PORT": "eight"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr == "CORPBANK_STAFF_PORT must be a port between 1 and 65535, not 'eight'.\n"
