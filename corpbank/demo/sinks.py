"""A mail server and an SMS gateway that deliver to nobody and show what they were given.

A sender may repeat itself, as it must when an answer was lost: each message is kept once, under
its Message-ID or Idempotency-Key, with the number of times it came. Run as
``python -m corpbank.demo.sinks DIRECTORY SMTP_PORT HTTP_PORT`` with SMS_GATEWAY_TOKEN set.
"""

import hmac
import json
import os
import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from corpbank.demo import sink_page
from corpbank.demo.sink_page import Message
from corpbank.services.processes import LOOPBACK
from kernel import clock

MOST_BODY_OCTETS = 256 * 1024


class Store:
    """Keep messages in a file of JSON lines, each once, in the order they first came."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._messages: dict[tuple[str, str, str], Message] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                self._count(_message(json.loads(line)))

    def keep(self, message: Message) -> Message:
        """Write one arrival down and return the message with how often it has come."""
        with self._lock:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(_line(message), ensure_ascii=False) + "\n")
            return self._count(message)

    def newest_first(self) -> list[Message]:
        """Return every message once."""
        with self._lock:
            return list(reversed(self._messages.values()))

    def _count(self, message: Message) -> Message:
        name = (message.channel, message.key, message.to)
        kept = self._messages.setdefault(name, message)
        kept.times += 1
        return kept


def _line(message: Message) -> dict[str, str]:
    return {
        "at": message.at.isoformat(),
        "channel": message.channel,
        "key": message.key,
        "to": message.to,
        "subject": message.subject,
        "body": message.body,
    }


def _message(line: dict[str, str]) -> Message:
    at = datetime.fromisoformat(line["at"])
    return Message(at, line["channel"], line["key"], line["to"], line["subject"], line["body"])


class MailHandler:
    """Take mail of any sender to any reader."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one copy for each reader."""
        raw = envelope.content or b""
        mail = message_from_bytes(
            raw if isinstance(raw, bytes) else raw.encode(), policy=policy.default
        )
        if not isinstance(mail, EmailMessage):
            return "554 not a message"
        body = mail.get_body(("plain", "html"))
        for reader in envelope.rcpt_tos:
            self._store.keep(
                Message(
                    at=clock.now(),
                    channel="email",
                    key=str(mail["Message-ID"] or secrets.token_hex(8)),
                    to=str(reader),
                    subject=str(mail["Subject"] or ""),
                    body=str(body.get_content()) if body is not None else "",
                )
            )
        return "250 kept"


class Web(BaseHTTPRequestHandler):
    """Take short messages at /messages and show everything at /."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def __init__(self, store: Store, token: str, *args: Any) -> None:  # noqa: ANN401 -- what the server hands over
        self._store = store
        self._token = token
        super().__init__(*args)

    def do_GET(self) -> None:
        """Show the page, its style sheet, or the messages as JSON."""
        address = urlsplit(self.path)
        if address.path == "/":
            wanted = parse_qs(address.query).get("lang", [""])[0]
            language = sink_page.language(wanted, self.headers.get("Accept-Language", ""))
            self._answer(200, "text/html", sink_page.page(self._store.newest_first(), language))
        elif address.path == "/style.css":
            self._answer(200, "text/css", sink_page.STYLE)
        elif address.path == "/messages":
            found = [_line(item) | {"times": item.times} for item in self._store.newest_first()]
            self._answer(200, "application/json", json.dumps(found, ensure_ascii=False))
        else:
            self._answer(404, "text/plain", "not here")

    def do_POST(self) -> None:
        """Take one short message: 202 with its id, the same id for the same key."""
        body = self._body()
        if body is None or self.path != "/messages":
            self.close_connection = True
            self._error(404 if body is not None else 413, "not here, or too long")
            return
        given = self.headers.get("Authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self._token}".encode()):
            self._error(401, "the token is not the right one")
            return
        self._take(body, self.headers.get("Idempotency-Key", ""))

    def _take(self, body: bytes, key: str) -> None:
        try:
            found = json.loads(body)
            to, text = found["to"], found["text"]
        except (ValueError, KeyError, TypeError):
            to = text = None
        if not (key and isinstance(to, str) and isinstance(text, str) and to):
            self._error(400, "needs an Idempotency-Key, and JSON with the texts to and text")
            return
        message = Message(clock.now(), "sms", key, to, "", text)
        self._answer(202, "application/json", json.dumps({"id": self._store.keep(message).key}))

    def _body(self) -> bytes | None:
        """Return the body, or None when it is longer than a message may be."""
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or int(length) > MOST_BODY_OCTETS:
            return None
        return self.rfile.read(int(length))

    def _error(self, status: int, text: str) -> None:
        self._answer(status, "application/json", json.dumps({"error": text}))

    def _answer(self, status: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'self'")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet: what came is on the page."""


@contextmanager
def running(directory: Path, *, smtp_port: int, http_port: int, token: str) -> Iterator[Store]:
    """Run both sinks on the loopback address for the length of a `with` block."""
    store = Store(directory / "messages.jsonl")
    web = ThreadingHTTPServer((LOOPBACK, http_port), partial(Web, store, token))
    web.daemon_threads = True
    mail = Controller(MailHandler(store), hostname=LOOPBACK, port=smtp_port)
    thread = threading.Thread(target=web.serve_forever, name="sms-gateway", daemon=True)
    mail.start()
    thread.start()
    try:
        yield store
    finally:
        web.shutdown()
        web.server_close()
        mail.stop()
        thread.join()


def main() -> int:
    """Run until told to stop."""
    directory, smtp_port, http_port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    token = os.environ["SMS_GATEWAY_TOKEN"]
    with running(directory, smtp_port=smtp_port, http_port=http_port, token=token):
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
