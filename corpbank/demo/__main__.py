"""Run the demo: ``python -m corpbank.demo``, or one command: ``… corpbank.demo manage doctor``."""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

from babel.messages.pofile import PoFileError

from corpbank.demo.configuration import (
    LOGS,
    PROJECT,
    STAFF_HOST,
    Ports,
    Refusal,
    choose_ports,
    environment,
    usual_ports as ports_by_name,
)
from corpbank.demo.supervisor import prepare, programs, started, watch
from corpbank.messages import compile_catalogues
from corpbank.services import ServiceError, running, stop_on_signals
from corpbank.services.processes import LOOPBACK

BANNER = """
企業網路銀行示範環境已啟動 · The bank is running

  企業網站  Enterprise site   http://{address}:{ports.enterprise}/
  行員網站  Staff site        http://{staff}:{ports.staff}/
  送出訊息  Messages sent     http://{address}:{ports.messages}/

{sign_ins}
Ctrl-C 結束所有程序 · Ctrl-C stops everything. Logs: {logs}
"""


def run() -> None:
    """Start everything, print where it is, and watch until told to stop."""
    begun = time.monotonic()
    ports = choose_ports()
    compile_catalogues()
    _tell("Starting PostgreSQL and Valkey …")
    with running(logs=LOGS) as addresses:
        sign_ins = prepare(addresses, ports)
        _tell("Starting the sites, the worker and the clock …")
        with started(programs(addresses, ports)) as processes:
            where = {"address": LOOPBACK, "staff": STAFF_HOST, "ports": ports}
            _tell(BANNER.format(**where, sign_ins=sign_ins, logs=LOGS))
            _tell(f"Ready after {time.monotonic() - begun:.1f} seconds.")
            try:
                watch(processes, addresses)
            finally:
                _tell("Stopping …")
                # A second Ctrl-C must not leave half of it running.
                for number in (signal.SIGINT, signal.SIGTERM):
                    signal.signal(number, signal.SIG_IGN)


def manage(arguments: Sequence[str]) -> int:
    """Run a management command on the demo's database, whether the demo is running or not."""
    ports: Ports = ports_by_name()
    with running(share=True) as addresses:
        variables = environment(addresses, ports, site="staff", owner=True)
        command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
        return subprocess.run(command, env=dict(variables), check=False).returncode  # noqa: S603 -- the command is what the operator typed


def main() -> int:
    """Return the exit status; every refusal is one sentence."""
    # A shell that starts this in the background has Ctrl-C ignored; here it always means stop.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with stop_on_signals():
            if sys.argv[1:2] == ["manage"]:
                return manage(sys.argv[2:])
            run()
    except (Refusal, ServiceError, PoFileError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
