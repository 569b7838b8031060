"""Anyone outside who reads what the bank publishes of certificates, by plain openssl."""

from __future__ import annotations

import urllib.request
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from tests.factories.authorities import run_openssl, to_pem


@dataclass(frozen=True)
class Anyone:
    """Somebody outside with openssl, who fetched root and issuing authority once."""

    folder: Path
    site: str

    def fetch(self, path: str) -> bytes:
        """Return what an address of the site gives."""
        with urllib.request.urlopen(f"{self.site}{path}", timeout=10) as answer:  # noqa: S310
            return bytes(answer.read())

    def prepare(self, leaf: bytes) -> None:
        """Put certificates beside each other."""
        (self.folder / "root.pem").write_bytes(self.fetch("/pki/root.pem"))
        (self.folder / "issuing.pem").write_bytes(self.fetch("/pki/issuing.pem"))
        (self.folder / "leaf.pem").write_bytes(to_pem(leaf))

    def ask(self, *words: str) -> str:
        """Return what the responder says, the signature verified and the nonce compared."""
        told = run_openssl(
            self.folder, f"ocsp -url {self.site}/pki/ocsp -issuer issuing.pem -CAfile root.pem",
            "-verify_other issuing.pem", *(words or ("-cert leaf.pem",)),
        )  # fmt: skip
        assert told.returncode == 0, told.stderr
        assert "Response verify OK" in told.stderr
        assert "no nonce" not in told.stderr
        return told.stdout

    def reads_list(self) -> str:
        """Return what openssl says about the certificate by the list it names."""
        leaf = x509.load_pem_x509_certificate((self.folder / "leaf.pem").read_bytes())
        (point,) = leaf.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        path = "/pki/" + point.full_name[0].value.partition("/pki/")[2]
        (self.folder / "list.crl").write_bytes(self.fetch(path))
        told = run_openssl(
            self.folder, "verify -crl_check -CAfile root.pem -untrusted issuing.pem",
            "-CRLfile list.crl leaf.pem",
        )  # fmt: skip
        return "good" if told.returncode == 0 else told.stderr
