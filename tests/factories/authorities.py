"""A small authority for tests: root, issuing authority, certificates for cards, openssl."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certificates.formats.authority import (
    build_crl,
    build_holder_certificate,
    build_issuing_authority,
    build_root,
    new_serial,
)
from certificates.formats.profiles import HolderName, Issuer, KeyStorage, Purpose, RevokedEntry
from certificates.formats.signers import FileSigner
from tests.factories.cards import TestCard

NOW = datetime(2026, 11, 20, 2, 30, 0, tzinfo=UTC)
HOLDER = HolderName("王小明", "測試實業股份有限公司", "12345675", "H-0001")
CRL_URL = "http://127.0.0.1/crl/issuing.crl"
OCSP_URL = "http://127.0.0.1/ocsp"


@dataclass(frozen=True)
class TestAuthority:
    """Root and issuing authority with their keys."""

    __test__ = False

    root: Issuer
    issuer: Issuer

    def certify(
        self,
        card: TestCard,
        *,
        purpose: Purpose = Purpose.SIGNING,
        key_storage: KeyStorage = KeyStorage.BROWSER,
        serial: int = 0,
        now: datetime = NOW,
        lifetime: timedelta = timedelta(days=365),
    ) -> bytes:
        """Return the DER of a certificate for the card's key."""
        return build_holder_certificate(
            issuer=self.issuer,
            public_key=card.public_key_der,
            holder=HOLDER,
            purpose=purpose,
            key_storage=key_storage,
            serial=serial or new_serial(),
            now=now,
            not_after=now + lifetime,
        )

    def crl(self, *entries: RevokedEntry, number: int = 1, now: datetime = NOW) -> bytes:
        """Return the DER of a revocation list of the issuing authority."""
        return build_crl(issuer=self.issuer, entries=entries, number=number, now=now)


def make_authority(now: datetime = NOW) -> TestAuthority:
    """Return a fresh root and issuing authority."""
    root_signer = FileSigner.generate(ec.SECP384R1())
    root_certificate = build_root(signer=root_signer, name="Test Root", now=now)
    root = Issuer(root_signer, root_certificate, CRL_URL, "")
    signer = FileSigner.generate()
    certificate = build_issuing_authority(
        root=root, public_key=signer.public_key(), name="Test Issuing CA", now=now
    )
    return TestAuthority(root, Issuer(signer, certificate, CRL_URL, OCSP_URL))


def to_pem(certificate: bytes) -> bytes:
    """Return a certificate's PEM."""
    return x509.load_der_x509_certificate(certificate).public_bytes(serialization.Encoding.PEM)


def fingerprint(certificate: bytes) -> bytes:
    """Return SHA-256 of a certificate's DER."""
    return hashlib.sha256(certificate).digest()


def run_openssl(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run openssl in `directory` with these words, split at spaces, and return what it says.

    The caller looks at the exit status.
    """
    program = shutil.which("openssl")
    if program is None:
        raise RuntimeError("the openssl command is needed to check certificates and signatures")
    arguments = " ".join(words).split()
    return subprocess.run(
        [program, *arguments], cwd=directory, capture_output=True, text=True, check=False
    )
