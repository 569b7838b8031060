"""Waking a worker: soon, seldom, and never at the cost of the caller."""

import json
import socket
import time
from collections.abc import Iterator

import pytest
import redis
from celery import current_app

from alerts import dispatch
from alerts.dispatch import Waker
from corpbank.services.processes import LOOPBACK, free_port
from tests.factories.alerts import tell_many


@pytest.fixture
def queue(redis_url: str) -> Iterator[redis.Redis]:
    """Return this worker's empty queue."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> Waker:
    """Return a process that has not woken anybody yet."""
    waker = Waker()
    monkeypatch.setattr(dispatch, "_waker", waker)
    return waker


def point_at(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(current_app.conf, "broker_url", f"redis://{LOOPBACK}:{port}/0")


@pytest.mark.req("ALR-2")
def test_wake_asks_for_delivery(queue: redis.Redis, fresh: Waker) -> None:
    assert fresh.wake()
    message = json.loads(queue.lindex("celery", 0))
    assert message["headers"]["task"] == "alerts.deliver"
    assert message["headers"]["expires"]


def test_many_wakes_are_one_now_and_one_a_second_later(queue: redis.Redis, fresh: Waker) -> None:
    sent = [fresh.wake() for _ in range(200)]
    assert sent.count(True) == 2
    assert queue.llen("celery") == 2
    last, first = (json.loads(raw)["headers"]["eta"] for raw in queue.lrange("celery", 0, -1))
    assert first is None
    assert last is not None


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("ALR-2")
def test_enqueue_wakes_at_commit_and_only_for_something_new(
    queue: redis.Redis, fresh: Waker
) -> None:
    tell_many(3)
    assert queue.llen("celery") == 1
    queue.flushdb()
    tell_many(3)
    assert queue.llen("celery") == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("ALR-2")
def test_a_broker_that_is_down_is_not_the_callers_trouble(
    monkeypatch: pytest.MonkeyPatch, fresh: Waker
) -> None:
    point_at(monkeypatch, free_port())
    started = time.monotonic()
    assert tell_many(2) == 2
    assert time.monotonic() - started < 3
    # And it is left in peace for a while.
    assert not fresh.wake()


def test_a_broker_that_accepts_and_never_answers_is_left_soon(
    monkeypatch: pytest.MonkeyPatch, fresh: Waker
) -> None:
    with socket.create_server((LOOPBACK, 0)) as silent:
        point_at(monkeypatch, silent.getsockname()[1])
        started = time.monotonic()
        assert not fresh.wake()
        assert time.monotonic() - started < 3


def test_wakes_go_on_when_the_broker_is_back(
    monkeypatch: pytest.MonkeyPatch, queue: redis.Redis, fresh: Waker
) -> None:
    monkeypatch.setattr(dispatch, "PAUSE_AFTER_FAILURE_SECONDS", 0.0)
    monkeypatch.setattr(dispatch, "PAUSE_SECONDS", 0.0)
    with monkeypatch.context() as away:
        point_at(away, free_port())
        assert not fresh.wake()
    assert fresh.wake()
    assert queue.llen("celery") == 1
