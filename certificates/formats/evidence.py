"""Pack the evidence of decisions so that anyone can prove it with plain openssl (SIGN-4)."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from certificates.formats.cades import build_signature
from certificates.formats.signed_attributes import build_signed_attributes
from certificates.formats.signers import Signer
from kernel.canonical import sha256_hex

SEALED: Final = "MANIFEST"
_KEPT: Final = Path(__file__).parents[1] / "evidence"
# The same for every request, so that a reader can bring their own copy of the script.
FIXED: Final = ("README.txt", "VERIFY.sh")


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """Carry one signature for packing, with all that proves it; certificates in PEM.

    `root_pem` and `stamp_root_pem` are given only where another authority than the bank issued the
    certificate or stamped the time; `ocsp_der` and `time_stamp_der` may be missing.
    """

    statement: bytes
    text: str
    cms: bytes
    certificate_pem: bytes
    issuer_pem: bytes
    ocsp_der: bytes | None
    time_stamp_der: bytes | None
    root_pem: bytes | None = None
    stamp_root_pem: bytes | None = None


@dataclass(frozen=True, slots=True)
class Seal:
    """Carry what evidence is sealed with: key, certificate, its issuer's and that one's list."""

    signer: Signer
    certificate: bytes
    issuer: bytes
    crl: bytes


def decision_files(signatures: Sequence[SignedStatement]) -> dict[str, bytes]:
    """Return the files of signatures by name, in the order the signatures are given."""
    files: dict[str, bytes] = {}
    for place, signature in enumerate(signatures, start=1):
        found = {
            "json": signature.statement,
            "txt": signature.text.encode(),
            "p7s": signature.cms,
            "pem": signature.certificate_pem,
            "ca.pem": signature.issuer_pem,
            "ocsp.der": signature.ocsp_der,
            "tsr": signature.time_stamp_der,
            "root.pem": signature.root_pem,
            "tsa-root.pem": signature.stamp_root_pem,
        }
        files |= {f"decision-{place:03d}.{kind}": data for kind, data in found.items() if data}
    return files


def fixed_files() -> dict[str, bytes]:
    """Return the script and the explanation that every bundle carries."""
    return {name: (_KEPT / name).read_bytes() for name in FIXED}


def to_pem(der: bytes) -> bytes:
    """Return a certificate's PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def manifest(files: Mapping[str, bytes]) -> bytes:
    """Return the list of files with their digests, as `sha256sum --check` reads it."""
    return "".join(
        f"{sha256_hex(content)}  {name}\n" for name, content in sorted(files.items())
    ).encode()


def seal(files: Mapping[str, bytes], by: Seal, *, now: datetime) -> dict[str, bytes]:
    """Return the files with the list of them, signed in the bank's name (CAdES, like a decision).

    Whoever holds the root's fingerprint then finds anything changed, put in or left out.
    """
    listed, signing_time = manifest(files), now.replace(microsecond=0)
    attributes = build_signed_attributes(
        message_digest=hashlib.sha256(listed).digest(),
        certificate_sha256=hashlib.sha256(by.certificate).digest(),
        signing_time=signing_time,
    )
    signature = build_signature(
        statement=listed,
        certificate=by.certificate,
        signing_time=signing_time,
        signature=by.signer.sign(attributes),
        issuers=[by.issuer],
        crls=[by.crl],
    )
    return {**files, SEALED: listed, f"{SEALED}.p7s": signature}


def pack(files: Mapping[str, bytes], *, made_at: datetime) -> bytes:
    """Return a zip of these files; VERIFY.sh may be run."""
    packed = io.BytesIO()
    stamp = made_at.timetuple()[:6]
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, date_time=stamp)
            entry.compress_type = zipfile.ZIP_DEFLATED
            mode = 0o755 if name.endswith(".sh") else 0o644
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, content)
    return packed.getvalue()
