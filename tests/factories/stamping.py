"""Time stamping authorities for tests: one of ours, one of openssl's, and either behind HTTP."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.formats.authority import build_service_certificate, new_serial
from certificates.formats.profiles import Service
from certificates.formats.signers import FileSigner
from certificates.formats.timestamps import (
    build_answer,
    build_question,
    read_question,
)
from certificates.gateways.stamping import ANSWER_TYPE
from tests.factories.authorities import NOW, TestAuthority, run_openssl
from tests.factories.cards import TestCard

_KEYS = {
    "P-256": "ec -pkeyopt ec_paramgen_curve:P-256",
    "P-384": "ec -pkeyopt ec_paramgen_curve:P-384",
    "RSA-3072": "rsa:3072",
}
_CONFIGURATION = """\
[tsa]
default_tsa = stamping
[stamping]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
certs = ca.pem
signer_digest = {hash_name}
default_policy = 1.3.6.1.4.1.13762.3
digests = sha256
ess_cert_id_alg = {hash_name}
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""


@dataclass(frozen=True)
class Stamper:
    """A stamping key with its certificate and those above it (DER)."""

    signer: FileSigner
    certificate: bytes
    issuers: tuple[bytes, ...]

    def answer(self, question: bytes, now: datetime) -> bytes:
        """Return the DER of the answer."""
        return build_answer(
            question=read_question(question), signer=self.signer, certificate=self.certificate,
            issuers=self.issuers, serial=new_serial(), now=now,
        )  # fmt: skip

    def stamp(self, data: bytes, now: datetime) -> bytes:
        """Return the DER of a time stamp over these bytes."""
        digest = hashlib.sha256(data).digest()
        return self.answer(build_question(digest=digest, nonce=1), now)


def make_stamper(
    authority: TestAuthority, service: Service | None = Service.TIME_STAMPING
) -> Stamper:
    """Return a stamper under an authority; with another service (None: a holder's), a false one."""
    signer = FileSigner.generate()
    if service is None:
        certificate = authority.certify(TestCard(signer._private_key))
    else:
        certificate = build_service_certificate(
            issuer=authority.issuer, public_key=signer.public_key(), service=service,
            name="Test Time Stamping", now=NOW,
        )  # fmt: skip
    return Stamper(signer, certificate, (authority.issuer.certificate,))


def openssl_stamps(folder: Path, *, key: str = "P-256", hash_name: str = "sha256") -> bytes:
    """Make `ts.cnf` with a stamping authority of openssl's own in a folder; return its root's DER.

    `openssl ts -reply -config ts.cnf` then answers.
    """
    (folder / "ts.cnf").write_text(_CONFIGURATION.format(hash_name=hash_name))
    (folder / "serial").write_text("2F\n")
    steps = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 -subj /CN=OutsideCA"
        " -keyout ca.key -out ca.pem -config ts.cnf -extensions ca",
        f"req -newkey {_KEYS[key]} -noenc -subj /CN=OutsideTSA -keyout tsa.key -out tsa.csr"
        " -config ts.cnf",
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -days 30 -extfile ts.cnf -extensions leaf"
        " -out tsa.pem",
    )
    for step in steps:
        result = run_openssl(folder, step)
        assert result.returncode == 0, result.stderr
    root = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    return root.public_bytes(Encoding.DER)


@dataclass
class StampingSite:
    """A stamping authority behind HTTP: where it is, and what was asked of it."""

    url: str = ""
    questions: list[bytes] = field(default_factory=list)
    status: int = 200
    content_type: str = ANSWER_TYPE


@contextmanager
def stamping_site(answer: Callable[[bytes], bytes]) -> Iterator[StampingSite]:
    """Serve a stamping authority on this machine while the block runs."""
    site = StampingSite()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            question = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            site.questions.append(question)
            content = answer(question) if site.status == 200 else b"no"
            self.send_response(site.status)
            self.send_header("Content-Type", site.content_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}/"
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
