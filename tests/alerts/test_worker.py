"""A real worker, killed without warning while it delivers, on a queue that forgets everything."""

import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from subprocess import Popen
from urllib.parse import quote

import pytest
import redis
from django.db import connections

from alerts.models import Message
from alerts.queries import oldest_pending_age
from corpbank.services.processes import LOOPBACK, last_lines, spawn, stop
from kernel import clock
from tests.alerts.sinks import MailSink, SmsSink, mail_sink, sms_sink
from tests.factories.alerts import tell_many

PATIENCE_SECONDS = 45
LETTERS, SHORT_MESSAGES = 16, 6


@pytest.fixture
def sinks() -> Iterator[tuple[MailSink, SmsSink]]:
    """Run slow sinks, so that a kill meets a delivery under way."""
    with ExitStack() as stack:
        yield (
            stack.enter_context(mail_sink(pause=0.1)),
            stack.enter_context(sms_sink(pause=0.1)),
        )


@contextmanager
def worker(log: Path, redis_url: str, mail: MailSink, sms: SmsSink) -> Iterator[Popen[bytes]]:
    """Run a Celery worker with its beat against this test's servers."""
    database = connections["default"].settings_dict
    secret = quote(database["PASSWORD"], safe="")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.alerts.worker_settings",
        "DATABASE_URL": f"postgresql://{database['USER']}:{secret}@{database['HOST']}"
        f":{database['PORT']}/{database['NAME']}",
        "REDIS_URL": redis_url,
        "EMAIL_HOST": LOOPBACK,
        "EMAIL_PORT": str(mail.port),
        "SMS_URL": sms.url,
    }
    command = [sys.executable, "-m", "celery", "-A", "corpbank", "worker", "--beat"]
    command += ["--concurrency", "2", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    command += ["--schedule", str(log.with_name("beat"))]
    child = spawn(command, log=log, env=environment)
    try:
        yield child
    finally:
        stop(child, signal.SIGKILL)


def wait_until(done: Callable[[], bool], log: Path) -> None:
    """Wait for a condition; show the worker's last words if it never comes."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline, last_lines(log, 40)
        time.sleep(0.05)


def kill(child: Popen[bytes]) -> None:
    """End the worker and the processes it forked, without a word."""
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()


@pytest.mark.req("ALR-2")
@pytest.mark.django_db(transaction=True)
def test_worker_killed_in_mid_delivery_and_queue_emptied_lose_nothing_and_double_nothing(
    sinks: tuple[MailSink, SmsSink], redis_url: str, tmp_path: Path
) -> None:
    mail, sms = sinks
    log = tmp_path / "worker.log"
    now = clock.now()
    tell_many(LETTERS, now=now)
    tell_many(SHORT_MESSAGES, channel="sms", now=now)

    with worker(log, redis_url, mail, sms) as first:
        wait_until(lambda: len(mail.keys) >= 3, log)
        kill(first)
    pending = Message.objects.filter(state="PENDING")
    assert pending.exists()
    assert pending.filter(claimed_until__isnull=False).exists()
    with redis.Redis.from_url(redis_url) as client:
        client.flushdb()
    with worker(log, redis_url, mail, sms):
        wait_until(lambda: not pending.exists(), log)

    keys = dict(Message.objects.values_list("message_key", "channel"))
    letters, messages = Counter(mail.keys), Counter(sms.keys)
    assert set(letters) == {key for key, channel in keys.items() if channel == "email"}
    assert set(messages) == {key for key, channel in keys.items() if channel == "sms"}
    # Only what a process had in hand when it was killed may come twice, under the same key.
    assert (letters + messages).total() <= len(keys) + 2
    assert set(Message.objects.values_list("state", flat=True)) == {"DELIVERED"}
    assert not oldest_pending_age(clock.now())
    assert "T20261122-48213907" not in log.read_text("utf-8")
