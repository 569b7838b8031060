"""The site on loopback, and browsers that send prepared releases to it."""

from __future__ import annotations

import http.client
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from bench.places import PROJECT, Places
from corpbank.services.processes import LOOPBACK

WORKERS, THREADS = 2, 16
START_SECONDS = 30
SESSION_COOKIE, CSRF_COOKIE = "corpbank_enterprise_session", "corpbank_enterprise_csrf"


@dataclass(slots=True)
class Sent:
    """What came of the forms: seconds for all, milliseconds of each with its page, what failed."""

    seconds: float = 0.0
    times_ms: list[float] = field(default_factory=list)
    forms_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)


@contextmanager
def site(places: Places, **changes: str) -> Iterator[None]:
    """Run the customers' site under gunicorn, as the demo does; `changes` of its environment."""
    command = [sys.executable, "-m", "gunicorn", "corpbank.wsgi:application"]
    command += ["--bind", f"{LOOPBACK}:{places.port}", "--workers", str(WORKERS)]
    command += ["--threads", str(THREADS), "--log-level", "error", "--no-control-socket"]
    environment = os.environ | places.bank_environment() | changes
    environment.pop("OWNER_DATABASE_URL", None)
    child = subprocess.Popen(command, env=environment, cwd=PROJECT)
    try:
        _wait(places.port, child)
        yield
    finally:
        child.terminate()
        child.wait(START_SECONDS)


def _wait(port: int, child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and child.poll() is None:
        try:
            if ask(port, "GET", "/livez", {}, "")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the site did not start")


def send(port: int, browsers: Sequence[dict[str, Any]]) -> Sent:
    """Let each browser send its forms one after the other, all browsers at once.

    A release counts when it was answered by a redirect and the page behind that came whole.
    """
    found = Sent()
    start = threading.Barrier(len(browsers) + 1)
    threads = [
        threading.Thread(target=_browse, args=(port, browser, start, found)) for browser in browsers
    ]
    for thread in threads:
        thread.start()
    start.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    found.seconds = time.perf_counter() - started
    return found


def _browse(port: int, browser: dict[str, Any], start: threading.Barrier, found: Sent) -> None:
    token = secrets.token_hex(16)
    cookies = f"{SESSION_COOKIE}={browser['session']}; {CSRF_COOKIE}={token}"
    headers = {"Cookie": cookies, "Accept": "text/html"}
    posting = headers | {"Content-Type": "application/x-www-form-urlencoded"}
    bodies = [
        (reference, urlencode(form | {"csrfmiddlewaretoken": token}))
        for reference, form in browser["forms"]
    ]
    start.wait()
    for reference, body in bodies:
        began = time.perf_counter()
        path = f"/requests/{reference}/release/"
        try:
            status, location, text = ask(port, "POST", path, posting, body)
            found.forms_ms.append((time.perf_counter() - began) * 1000)
            if status in (302, 303):
                status, _, text = ask(port, "GET", location, headers, "")
        except OSError as error:
            status, text = 0, type(error).__name__
        found.times_ms.append((time.perf_counter() - began) * 1000)
        found.references.append(reference)
        if status != 200 or reference not in text:
            found.failures.append(f"{reference}: {status}")


def ask(
    port: int, method: str, path: str, headers: dict[str, str], body: str
) -> tuple[int, str, str]:
    line = http.client.HTTPConnection(LOOPBACK, port, timeout=30)
    try:
        line.request(method, path, body or None, headers)
        answer = line.getresponse()
        text = answer.read().decode("utf-8", "replace")
        return answer.status, answer.getheader("Location", "") or "", text
    finally:
        line.close()
