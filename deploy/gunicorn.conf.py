"""How a site is served behind the proxy."""

import os

wsgi_app = "deploy.wsgi:application"
bind = "0.0.0.0:8000"  # inside its container, on a network that only the proxy shares
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# More than the pool has connections: who waits at the door for a password to be checked holds a
# thread and nothing else, and threads are left for everybody who is in (SIGN_IN_WAITING).
threads = 16
# Heartbeats go to memory: a full or slow disk must not look like a hanging worker.
worker_tmp_dir = "/dev/shm"  # noqa: S108 - a tmpfs that every container has
timeout = 30
graceful_timeout = 20
keepalive = (
    30  # longer than the proxy keeps an idle connection, so that it never meets a closed one
)
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
# One recycled worker at a time, at different moments.
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
loglevel = "warning"
