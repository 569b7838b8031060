"""A site of two pages for the virtual card: first use and one decision.

It answers as the bank does, checks with the bank's own formats, and sends the enterprise site's
content security policy; it keeps what it was sent so that tests can look.
"""

from __future__ import annotations

import base64
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from certificates.formats.cades import check_signature
from certificates.formats.requests import read_request
from certificates.formats.signed_attributes import read_signing_time
from kernel.errors import DomainError
from tests.factories.authorities import NOW, TestAuthority, fingerprint
from tests.factories.cards import TestCard

SCRIPTS = Path(__file__).parents[2] / "static" / "js"
CSRF = "csrf-token-of-the-form"
CHALLENGE = b'{"typ":"enrol"}'
STATEMENT = '{"facts":{"payee":"王小明"},"typ":"decision"}'.encode()
NOW_TEXT = "2026-11-20T02:30:00Z"
SECRET = "ABCD-EFGH"


class IssuedKey(TestCard):
    """A card known only by the public key its request carried."""

    def __init__(self, public_key_der: bytes) -> None:
        self._public_key_der = public_key_der

    @property
    def public_key_der(self) -> bytes:
        """Return the key from the request."""
        return self._public_key_der


@dataclass
class CardSite:
    """What the site knows, and what it was sent."""

    authority: TestAuthority
    nonce: str = "nonce-1"
    pin: str = "246810"
    tries_left: int = 3
    unlock_seconds: float = 0
    confirm_broken: bool = False
    certificate_state: str = ""
    asks_pin: bool = True  # a card of the bank asks for its PIN by itself
    certificates: dict[str, bytes] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)
    authentication: list[str] = field(default_factory=list)
    confirmed: list[str] = field(default_factory=list)
    unlocked: list[dict[str, str]] = field(default_factory=list)
    decisions: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    signed_with: list[str] = field(default_factory=list)
    address: str = ""
    shown: str = ""  # the certificate of the decision page sent last

    @property
    def newest(self) -> str:
        """Return the SHA-256 in hex of the certificate issued last."""
        return list(self.certificates)[-1]

    def enrol(self, sent: dict[str, str]) -> dict[str, object]:
        """Issue a pair of certificates for the two requests."""
        if sent["secret"] != SECRET:
            return {"ok": False, "message": "The letter number or the secret is wrong."}
        other, other_digest = self._certify(sent["authentication_request"])
        self.authentication.append(other_digest)
        request = base64.b64decode(sent["request"])
        self.requests.append(request)
        certificate, digest = self._certify(sent["request"])
        return {
            "ok": True,
            "certificate": base64.b64encode(certificate).decode(),
            "certificate_sha256": digest,
            "authentication_certificate": base64.b64encode(other).decode(),
            "authentication_certificate_sha256": other_digest,
            "challenge": base64.b64encode(CHALLENGE).decode(),
            "now": NOW_TEXT,
        }

    def _certify(self, request: str) -> tuple[bytes, str]:
        public_key = read_request(base64.b64decode(request), expected_nonce=self.nonce)
        certificate = self.authority.certify(IssuedKey(public_key))
        digest = fingerprint(certificate).hex()
        self.certificates[digest] = certificate
        return certificate, digest

    def confirm(self, sent: dict[str, str]) -> dict[str, object]:
        """Accept the card-signed challenge."""
        if self.confirm_broken:
            raise ConnectionError
        check(self, CHALLENGE, sent["certificate_sha256"], sent["signature"], sent["signing_time"])
        self.confirmed.append(sent["certificate_sha256"])
        return {"ok": True}

    def unlock(self, sent: dict[str, str]) -> dict[str, object]:
        """Check the PIN."""
        time.sleep(self.unlock_seconds)
        self.unlocked.append(sent)
        if sent["pin"] != self.pin or self.tries_left == 0:
            self.tries_left = max(0, self.tries_left - 1)
            return {"ok": False, "tries_left": self.tries_left}
        return {"ok": True, "now": NOW_TEXT}

    def decide(self, path: str, sent: dict[str, str]) -> None:
        """Accept a signed decision."""
        self.decisions.append((path, sent))
        self.signed_with.append(self.shown)
        if sent.get("signature"):
            check(self, STATEMENT, self.shown, sent["signature"], sent["signing_time"])


def check(site: CardSite, statement: bytes, digest: str, signature: str, time_text: str) -> None:
    """Raise unless the certificate's key signed the statement."""
    check_signature(
        statement=statement,
        certificate=site.certificates[digest],
        signing_time=read_signing_time(time_text),
        signature=base64.b64decode(signature, validate=True),
        not_before=NOW,
        not_after=NOW,
    )


@contextmanager
def serving(site: CardSite) -> Iterator[CardSite]:
    """Serve the site on a free port of this machine."""

    class Bound(Handler):
        pass

    Bound.site = site
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
    site.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answer the pages, the scripts and the four questions."""

    site: CardSite

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""

    def do_GET(self) -> None:
        """Send a page or a script."""
        path, _, query = self.path.partition("?")
        if path.startswith("/static/js/"):
            script = SCRIPTS / Path(path).name
            self._send(200, "text/javascript", script.read_bytes())
        elif path == "/enrol":
            self._page(enrol_form(self.site, resume="resume" in query), "enrol.js")
        elif path == "/decide":
            digest = parse_qs(query).get("certificate", [""])[0] or self.site.newest
            self.site.shown = digest
            self._page(sign_form(self.site, digest), "sign.js")
        elif path == "/plain":
            self._send(200, "text/html; charset=utf-8", b"<!doctype html><title>Plain</title>")
        else:
            self._page(f"<h1>{html.escape(path)}</h1>")

    def do_POST(self) -> None:
        """Take JSON for questions, a form for the decision."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path in ("/unlock", "/enrol", "/confirm"):
            if self.headers["X-CSRFToken"] != CSRF:
                self._send(403, "text/plain", b"no token")
                return
            try:
                answer = getattr(self.site, self.path[1:])(json.loads(body))
                status = 200
            except DomainError as error:
                answer, status = {"ok": False, "message": error.code}, 422
            except ConnectionError:
                self._send(503, "text/html", b"<h1>not now</h1>")
                return
            self._send(status, "application/json", json.dumps(answer).encode())
            return
        if self.path == "/prepare":
            statement = base64.b64encode(STATEMENT).decode()
            answer = {"ok": True, "sign_request": "sr-1", "statement": statement}
            self._send(200, "application/json", json.dumps(answer).encode())
            return
        sent = {name: values[-1] for name, values in parse_qs(body, keep_blank_values=True).items()}
        self.site.decide(self.path, sent)
        self.send_response(303)
        self.send_header("Location", "/done")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _page(self, content: str, script: str = "") -> None:
        nonce = secrets.token_urlsafe(16)
        tag = f'<script type="module" nonce="{nonce}" src="/static/js/{script}"></script>'
        policy = (
            f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; "
            "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; "
            "trusted-types 'none'"
        )
        page = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Card</title>'
            f'<link rel="icon" href="data:,">{tag if script else ""}<main>{content}</main></html>'
        )
        self._send(200, "text/html; charset=utf-8", page.encode(), policy)

    def _send(self, status: int, kind: str, body: bytes, policy: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if policy:
            self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)


def words(*states: str) -> str:
    """Return the texts of the states as attributes; here each text is the state's own name."""
    return " ".join(f'data-text-{state}="state: {state}"' for state in states)


def enrol_form(site: CardSite, *, resume: bool) -> str:
    """Return the form of the first use."""
    waiting = ""
    if resume:
        challenge = base64.b64encode(CHALLENGE).decode()
        waiting = (
            f'data-challenge="{challenge}" data-certificate-sha256="{site.newest}" '
            f'data-now="{NOW_TEXT}"'
        )
    states = words(
        *("ready", "unsupported", "no-key", "pins-differ", "making", "asking"),
        *("confirming", "done", "refused", "failed"),
    )
    fields = "".join(
        f'<input name="{name}">' for name in ("letter_number", "secret", "new_pin", "new_pin_again")
    )
    return (
        f'<form method="post" data-enrol data-enrol-url="/enrol" data-confirm-url="/confirm" '
        f'data-next="/done" data-nonce="{site.nonce}" data-label="demo" {waiting} {states}>'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{CSRF}">{fields}'
        '<output data-card-status role="alert"></output><button>Enrol</button></form>'
    )


def sign_form(site: CardSite, digest: str) -> str:
    """Return the form of a decision: release, return (each with its own address), and save."""
    states = words(
        *("ready", "unsupported", "no-key", "suspended", "expired", "pin-missing", "checking"),
        *("signing", "sending", "locked", "refused", "failed"),
    )
    pin = '<input type="password" name="pin" data-card-pin>' if site.asks_pin else ""
    return (
        f'<form method="post" action="/decide" data-sign data-prepare-url="/prepare" '
        f'data-certificate-sha256="{digest}" data-certificate-state="{site.certificate_state}" '
        f'data-unlock-url="/unlock" {states} '
        'data-text-wrong-pin="wrong PIN, {tries} left">'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{CSRF}">'
        '<input type="hidden" name="signature"><input type="hidden" name="signing_time">'
        '<input type="hidden" name="sign_request">'
        '<input name="comment" value="fine">'
        f'{pin}<output data-card-status role="alert"></output>'
        '<button name="verb" value="return">Return</button>'
        '<button name="verb" value="release" formaction="/decide/release">Release</button>'
        '<button name="verb" value="save" data-unsigned formaction="/save">Save</button></form>'
    )
