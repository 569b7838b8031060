"""Wake a worker; forget it when the broker is away, for a sweep follows anyway."""

from __future__ import annotations

import logging
import threading
import time

from celery import Celery, current_app
from kombu.exceptions import KombuError, OperationalError

log = logging.getLogger(__name__)

DELIVER = "alerts.deliver"
# Wakes closer together than this are one wake: the worker empties the table each time.
PAUSE_SECONDS = 1.0
PAUSE_AFTER_FAILURE_SECONDS = 10.0
# The caller's act is committed already; it does not wait longer than this for a hint.
BROKER_TIMEOUT_SECONDS = 0.5
# A wake that nobody heard within this time is worth nothing: the sweep was faster.
EXPIRES_SECONDS = 10

_BROKER_OPTIONS = {
    "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
    "socket_timeout": BROKER_TIMEOUT_SECONDS,
    "connect_retries_timeout": BROKER_TIMEOUT_SECONDS,
    "max_retries": 0,
    "retry_on_timeout": False,
}


class Waker:
    """Send at most one wake a second from this process, and the last one always.

    The first wake goes out at once. One that follows too soon is sent with a countdown to the end
    of the pause, and covers all others until then, because their rows are committed before it runs.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned = float("-inf")

    def wake(self) -> bool:
        """Ask for a delivery; return whether a message was sent to the queue. Never raises."""
        moment = time.monotonic()
        with self._lock:
            if self._planned > moment:
                return False
            delay = max(0.0, self._planned + PAUSE_SECONDS - moment)
            self._planned = moment + delay
        try:
            _publish(current_app._get_current_object(), delay)
        except (OSError, KombuError, OperationalError) as error:
            log.warning("the broker did not take a wake-up: %s", type(error).__name__)
            with self._lock:
                self._planned = time.monotonic() + PAUSE_AFTER_FAILURE_SECONDS
            return False
        return True


def _publish(app: Celery, delay: float) -> None:
    options = dict(app.conf.broker_transport_options) | _BROKER_OPTIONS
    with app.connection_for_write(transport_options=options) as connection:
        app.send_task(
            DELIVER,
            connection=connection,
            countdown=delay or None,
            expires=EXPIRES_SECONDS,
            ignore_result=True,
            retry=False,
        )


_waker = Waker()


def wake() -> None:
    """Ask a worker to deliver what is due.

    Never raises and takes at most about two broker timeouts: the caller has committed already,
    and whatever nobody is woken for is found by the sweep (ALR-2).
    """
    _waker.wake()
