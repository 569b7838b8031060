"""A mail server and an SMS gateway on this machine that accept, keep and count."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from corpbank.services.processes import LOOPBACK, free_port


class MailSink:
    """Keep every accepted letter; answer after `pause` seconds; refuse with `refusal` if set."""

    def __init__(self, pause: float = 0) -> None:
        self.letters: list[EmailMessage] = []
        self.connections = 0
        self.pause = pause
        self.refusal = ""
        self.port = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return answers

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.refusal:
            return self.refusal
        letter = message_from_bytes(envelope.content or b"", policy=policy.default)
        self.letters.append(letter)
        await asyncio.sleep(self.pause)
        return "250 accepted"

    @property
    def keys(self) -> list[str]:
        """Return the Message-ID of each accepted letter, without its brackets."""
        return [letter["Message-ID"].strip("<>") for letter in self.letters]


@contextmanager
def mail_sink(pause: float = 0) -> Iterator[MailSink]:
    """Run a mail server on a free port."""
    sink = MailSink(pause)
    sink.port = free_port()
    controller = Controller(sink, hostname=LOOPBACK, port=sink.port)
    controller.start()
    try:
        yield sink
    finally:
        controller.stop()


class SmsSink:
    """Keep every accepted request; answer `status` after `pause` seconds."""

    def __init__(self, pause: float = 0) -> None:
        self.requests: list[dict[str, Any]] = []
        self.connections = 0
        self.status = 202
        self.pause = pause
        self.url = ""

    @property
    def keys(self) -> list[str]:
        """Return the idempotency key of each accepted request."""
        return [request["key"] for request in self.requests]


@contextmanager
def sms_sink(pause: float = 0) -> Iterator[SmsSink]:
    """Run an SMS gateway on a free port."""
    sink = SmsSink(pause)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            super().setup()
            sink.connections += 1

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if sink.status == 202:
                key, bearer = self.headers["Idempotency-Key"], self.headers["Authorization"]
                sink.requests.append({**body, "key": key, "authorization": bearer})
                time.sleep(sink.pause)
            answer = b'{"id": "1"}'
            self.send_response(sink.status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    server.daemon_threads = True
    sink.url = f"http://{LOOPBACK}:{server.server_port}/messages"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
