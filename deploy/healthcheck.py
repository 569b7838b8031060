"""Say by the exit status whether this container does its work: ``healthcheck.py web|worker|beat``.

A worker is judged by the age of the oldest message nobody has taken, not by its process: a worker
can be up and consume nothing. The beat is judged by the file it writes every three minutes.
"""

import http.client
import os
import sys
import time
from datetime import timedelta
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
PORT = 8000
MOST_QUEUE_AGE = timedelta(minutes=2)
MOST_BEAT_SECONDS = 600
SCHEDULE = Path("/tmp/beat-schedule")  # noqa: S108 - a tmpfs of this container alone


def web() -> bool:
    """Return whether the site answers; the enterprise site's page asks its database too."""
    staff = os.environ["DJANGO_SETTINGS_MODULE"].endswith(".staff")
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=4)
    host = os.environ["ALLOWED_HOSTS"].split(",")[0].strip()
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    connection.request("GET", "/sign-in/" if staff else "/readyz", headers=headers)
    return connection.getresponse().status == http.HTTPStatus.OK


def worker() -> bool:
    """Return whether no message has waited too long to be taken."""
    sys.path.insert(0, str(PROJECT))
    import django  # noqa: PLC0415 - the other checks do without

    django.setup()
    from alerts.queries import oldest_pending_age  # noqa: PLC0415 - needs Django to be set up
    from kernel import clock  # noqa: PLC0415 - the same

    return oldest_pending_age(clock.now()) < MOST_QUEUE_AGE


def beat() -> bool:
    """Return whether the schedule has been written lately."""
    written = [path.stat().st_mtime for path in SCHEDULE.parent.glob(f"{SCHEDULE.name}*")]
    return bool(written) and time.time() - max(written) < MOST_BEAT_SECONDS


CHECKS = {"web": web, "worker": worker, "beat": beat}

if __name__ == "__main__":
    sys.exit(0 if CHECKS[sys.argv[1]]() else 1)
