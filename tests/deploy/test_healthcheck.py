"""A container says truly whether it does its work."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module
from pathlib import Path

import pytest

from alerts.models import Message
from deploy import healthcheck
from kernel import clock
from tests.factories import alerts as make

PROJECT = Path(__file__).resolve().parents[2]


@contextmanager
def site(status: int) -> Iterator[list[str]]:
    """Answer every request with one status; keep what was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.headers['Host']}{self.path} {self.headers['X-Forwarded-Proto']}")
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    healthcheck.PORT = server.server_port
    try:
        yield asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        healthcheck.PORT = 8000


@pytest.mark.parametrize(("name", "path"), [("enterprise", "/readyz"), ("staff", "/sign-in/")])
def test_a_site_is_asked_as_the_proxy_asks_it(
    monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", f"corpbank.settings.{name}")
    monkeypatch.setenv("ALLOWED_HOSTS", "ebank.bank.example, staff.bank.example")
    with site(200) as asked:
        assert healthcheck.web()
    assert asked == [f"ebank.bank.example{path} https"]
    with site(503):
        assert not healthcheck.web()


@pytest.mark.req("OPS-2")
@pytest.mark.parametrize("name", ["enterprise", "staff"])
def test_the_page_that_is_asked_for_is_there(name: str) -> None:
    path = {"enterprise": "readyz", "staff": "sign-in/"}[name]
    patterns = import_module(f"corpbank.urls.{name}").urlpatterns
    found = [
        str(inner.pattern)
        for entry in patterns
        for inner in getattr(entry, "url_patterns", [entry])
    ]
    assert path in found


@pytest.mark.django_db
@pytest.mark.req("ALR-2")
@pytest.mark.parametrize(("seconds", "well"), [(5, True), (600, False)])
def test_a_worker_is_judged_by_the_oldest_message_nobody_took(seconds: int, well: bool) -> None:
    make.tell_many(1, now=clock.now() - timedelta(seconds=seconds))
    assert Message.objects.count() > 0
    assert healthcheck.worker() is well


@pytest.mark.django_db
def test_a_worker_without_work_is_well() -> None:
    assert healthcheck.worker()


def test_a_beat_is_judged_by_the_file_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule = tmp_path / "beat-schedule"
    monkeypatch.setattr(healthcheck, "SCHEDULE", schedule)
    assert not healthcheck.beat()
    written = tmp_path / "beat-schedule.db"
    written.touch()
    assert healthcheck.beat()
    monkeypatch.setattr(healthcheck, "MOST_BEAT_SECONDS", -1)
    assert not healthcheck.beat()


@pytest.mark.parametrize(("schedule", "status"), [("there", 0), ("gone", 1)])
def test_the_exit_status_tells(tmp_path: Path, schedule: str, status: int) -> None:
    text = (PROJECT / "deploy" / "healthcheck.py").read_text()
    (tmp_path / "check.py").write_text(text.replace("/tmp/beat-schedule", f"{tmp_path}/{schedule}"))
    (tmp_path / "there").touch()
    command = [sys.executable, str(tmp_path / "check.py"), "beat"]
    assert subprocess.run(command, check=False).returncode == status
