"""Two server processes on one database: what is counted at the door is counted once for both."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from django.conf import settings

from alerts.models import Message
from audit.queries import chain_states
from corpbank.services.processes import LOOPBACK, free_port, last_lines, spawn, stop
from identity.models import Session, User
from identity.states import UserState
from tests.factories.door import PLENTY, figures
from tests.factories.world import FIRST, PASSWORD, World
from tests.servers import PROJECT

READY_SECONDS = 60
SESSION, CSRF = "corpbank_enterprise_session", "corpbank_enterprise_csrf"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said: status, where it leads to, the session it gave, the text."""

    status: int
    location: str
    session: str
    text: str


@dataclass(frozen=True, slots=True)
class Server:
    """One process of the customers' site."""

    port: int

    def ask(self, method: str, path: str, fields: dict[str, str], session: str = "") -> Answer:
        """Send one request on a connection of its own, with a form token of our own."""
        token = secrets.token_hex(16)
        line = http.client.HTTPConnection(LOOPBACK, self.port, timeout=60)
        cookies = f"{CSRF}={token}" + (f"; {SESSION}={session}" if session else "")
        headers = {"Cookie": cookies, "Content-Type": "application/x-www-form-urlencoded"}
        body = urlencode(fields | {"csrfmiddlewaretoken": token}) if method == "POST" else None
        try:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            text = answer.read().decode("utf-8", "replace")
        finally:
            line.close()
        given = SimpleCookie("; ".join(answer.headers.get_all("Set-Cookie") or []))
        kept = given[SESSION].value if SESSION in given else ""
        return Answer(answer.status, answer.headers.get("Location") or "", kept, text)

    def sign_in(self, login: str, password: str = PASSWORD) -> Answer:
        """Send the sign-in form."""
        fields = {"company_code": FIRST.code, "login_name": login, "password": password}
        return self.ask("POST", "/sign-in/", fields)

    def is_ready(self) -> bool:
        """Tell whether it answers."""
        with suppress(OSError, http.client.HTTPException):
            return self.ask("GET", "/livez", {}).status == 200
        return False


def environment(keys: Path) -> dict[str, str]:
    """Return what both processes are told: this run's database and memory, and one secret."""
    found = settings.DATABASES["default"]
    user, password = quote(str(found["USER"])), quote(str(found["PASSWORD"]))
    place = f"{found['HOST']}:{found['PORT']}/{found['NAME']}"
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench.settings",
        "SECRET_KEY": settings.SECRET_KEY,
        "PKI_KEY_PASSPHRASE": "only-for-tests",
        "LETTER_HASH_KEY": "only-for-tests",
        "PKI_KEY_DIRECTORY": str(keys),
        "DATABASE_URL": f"postgresql://{user}:{password}@{place}",
        "REDIS_URL": settings.REDIS_URL,
        "ALLOWED_HOSTS": LOOPBACK,
        "PLAIN_HTTP": "1",
        "LOG_LEVEL": "ERROR",
    }


@pytest.fixture
def servers_of_the_site(
    open_world: World, redis_url: str, tmp_path: Path
) -> Iterator[tuple[Server, Server]]:
    """Run the customers' site twice, as two machines would."""
    pair = Server(free_port()), Server(free_port())
    children = []
    try:
        for server in pair:
            command = [sys.executable, "-m", "gunicorn", "corpbank.wsgi:application"]
            command += ["--bind", f"{LOOPBACK}:{server.port}", "--workers", "1", "--threads", "6"]
            command += ["--no-control-socket", "--log-level", "warning"]
            log = tmp_path / f"{server.port}.log"
            child = spawn(command, log=log, env=environment(tmp_path / "keys"), cwd=PROJECT)
            children.append((child, log))
        deadline = time.monotonic() + READY_SECONDS
        for server, (child, log) in zip(pair, children, strict=True):
            while not server.is_ready():
                assert child.poll() is None, last_lines(log)
                assert time.monotonic() < deadline, last_lines(log)
                time.sleep(0.1)
        yield pair
    finally:
        for child, _log in children:
            stop(child)


def side_by_side(acts: list[Callable[[], Answer]]) -> Counter[int]:
    """Run these acts at the same time and count the statuses that came back."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(answer.status for answer in pool.map(lambda act: act(), acts))


@pytest.mark.req("AUTH-2", "AUTH-3", "AUTH-10", "SES-1")
def test_two_servers_are_one_door(
    open_world: World, servers_of_the_site: tuple[Server, Server]
) -> None:
    one, other = servers_of_the_site

    # Signed in at one, known and told at the other; out at the other, out at the one.
    first = one.sign_in("maker01")
    assert (first.status, first.location) == (302, "/")
    assert other.ask("GET", "/sign-ins/", {}, first.session).status == 200
    second = other.sign_in("maker01")
    assert (second.status, second.session) == (200, "")
    ticket = re.search(r'name="ticket" value="([^"]+)"', second.text)
    assert ticket is not None
    taken = one.ask("POST", "/sign-in/elsewhere/", {"ticket": ticket[1]})
    assert (taken.status, bool(taken.session)) == (302, True)
    assert other.ask("GET", "/sign-ins/", {}, first.session).status == 302
    assert other.ask("POST", "/sign-out/", {}, taken.session).status == 302
    assert one.ask("GET", "/sign-ins/", {}, taken.session).status == 302
    assert not Session.objects.filter(ended_at=None).exists()

    # Eight at once at both: one session, seven are told.
    acts = [lambda at=at: at.sign_in("maker02") for at in (one, other) * 4]
    assert side_by_side(acts) == {302: 1, 200: 7}

    # Fifty guesses at once at both: counted fifty times, paused and told once.
    with figures(account_limit=PLENTY, address_limit=PLENTY):
        acts = [lambda at=at: at.sign_in("review1a", "wrong") for at in (one, other) * 25]
        assert side_by_side(acts) == {422: 50}
        guessed = User.objects.get(pk=open_world.first.people["review1a"].pk)
        assert (guessed.wrong_passwords, guessed.state) == (50, UserState.PAUSED)
        assert Message.objects.filter(event="identity.user.paused").count() == 2
        alarms = Message.objects.filter(event="identity.user.guessed")
        assert alarms.values("cause").distinct().count() == 1
        for at in (one, other):
            assert "暫停" in at.sign_in("review1a").text

    # A limit of ten is ten over both.
    with figures(account_limit=10, address_limit=PLENTY):
        acts = [lambda at=at: at.sign_in("nobody", "wrong") for at in (one, other) * 10]
        assert side_by_side(acts) == {422: 10, 429: 10}
    assert not any(state.broken for state in chain_states())
