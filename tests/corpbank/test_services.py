"""The database and the queue run as children and end with whoever started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from corpbank.services import AlreadyRunning, running
from corpbank.services.postgresql import locate

HOLDER = """
import sys, time
from pathlib import Path
from corpbank.services import running
with running(Path(sys.argv[1]), for_tests=True) as addresses:
    print(*[server.child.pid for server in addresses.servers], flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return one directory for all stories here: its data is made once."""
    place = tmp_path_factory.mktemp("services")
    yield place
    home = locate(place).home
    subprocess.run(["rm", "-rf", str(home)], check=True)


def test_a_second_start_finds_the_data_of_the_first(directory: Path) -> None:
    with running(directory, for_tests=True) as first:
        with psycopg.connect(first.owner_database_url) as connection:
            connection.execute("CREATE TABLE kept (word text)")
        with psycopg.connect(first.database_url) as connection:
            connection.execute("INSERT INTO kept VALUES ('經辦')")
        with redis.Redis.from_url(first.redis_url) as client:
            assert client.ping()
    with (
        running(directory, for_tests=True) as second,
        psycopg.connect(second.database_url) as connection,
    ):
        assert connection.execute("SELECT word FROM kept").fetchone() == ("經辦",)


def test_the_application_writes_rows_but_never_truncates(directory: Path) -> None:
    with running(directory, for_tests=True) as addresses:
        with psycopg.connect(addresses.owner_database_url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS ruled (word text)")
        with psycopg.connect(addresses.database_url) as connection:
            connection.execute("INSERT INTO ruled VALUES ('a'); UPDATE ruled SET word = 'b'")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("TRUNCATE ruled")


def test_nobody_gets_in_without_the_password(directory: Path) -> None:
    with running(directory, for_tests=True) as addresses:
        port = addresses.servers[0].port
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname="postgres")
        with (
            redis.Redis(port=addresses.servers[1].port) as client,
            pytest.raises(redis.AuthenticationError),
        ):
            client.ping()
        assert "postgresql://" not in repr(addresses)


def test_passwords_are_readable_by_their_owner_alone(directory: Path) -> None:
    with running(directory, for_tests=True):
        private = [directory / "addresses.json", locate(directory).passwords_file]
        assert [path.stat().st_mode & 0o777 for path in private] == [0o600, 0o600]


def test_a_directory_serves_one_at_a_time_but_may_be_shared(directory: Path) -> None:
    with running(directory, for_tests=True) as first:
        with pytest.raises(AlreadyRunning), running(directory):
            pass
        with running(directory, share=True) as second:
            assert second.urls() == first.urls()
        with psycopg.connect(first.database_url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_servers_end_with_whoever_started_them(directory: Path, how: signal.Signals) -> None:
    command = [sys.executable, "-c", HOLDER, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        servers = [int(word) for word in holder.stdout.readline().split()]
        assert len(servers) == 2
        assert all(map(_lives, servers))
        holder.send_signal(how)
        holder.wait(20)
    deadline = time.monotonic() + 20
    while any(map(_lives, servers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, servers))


def _lives(process: int) -> bool:
    """Return whether the process runs; one that ended and was not fetched yet does not."""
    try:
        os.kill(process, 0)
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
