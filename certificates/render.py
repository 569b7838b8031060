"""Pack the evidence of decisions so that anyone can prove it with plain openssl (SIGN-4)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

_HEAD = """\
#!/bin/sh
# Verifies every signature in this folder with plain OpenSSL (3.0 or newer), without a network.
# root.pem is trusted by whoever runs this: compare its fingerprint with the one the bank publishes.
cd "$(dirname "$0")" || exit 2
failed=0
if ! openssl version | grep -Eq '^OpenSSL ([3-9]|[1-9][0-9])[.]'; then
    echo 'OpenSSL 3.0 or newer is needed.' >&2
    exit 2
fi
openssl x509 -in root.pem -noout -fingerprint -sha256 || exit 2
verify() {  # name, signing time in seconds since 1970
    if openssl cms -verify -cades -crl_check -binary -inform DER -in "$1.p7s" -content "$1.json" \\
        -CAfile root.pem -purpose any -attime "$2" -signer "$1.who.pem" -out /dev/null
    then
        openssl x509 -in "$1.who.pem" -noout -subject -nameopt utf8,sep_comma_plus
        # The certificate that signed is the one that was delivered beside it.
        ours=$(openssl x509 -in "$1.pem" -noout -fingerprint -sha256)
        signed=$(openssl x509 -in "$1.who.pem" -noout -fingerprint -sha256)
        if [ "$ours" != "$signed" ]; then
            echo "$1: signed by another certificate" >&2
            failed=1
        fi
    else
        echo "$1: NOT VALID" >&2
        failed=1
    fi
    rm -f "$1.who.pem"
}
"""
_TAIL = """\
if [ "$failed" -ne 0 ]; then
    echo 'At least one signature does not hold.' >&2
    exit 1
fi
echo 'Every signature holds.'
"""


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """Carry one signature for packing: its statement, file, certificate (PEM) and signing time."""

    statement: bytes
    text: str
    cms: bytes
    certificate_pem: bytes
    signed_at: datetime


def evidence_files(
    signatures: Sequence[SignedStatement],
    *,
    root_pem: bytes,
    issuing_pem: bytes,
    crl_der: bytes,
) -> dict[str, bytes]:
    """Return the files of an evidence folder by name, in the order the signatures are given.

    `crl_der` is the newest revocation list; each signature carries the one of its own time.
    """
    files = {"root.pem": root_pem, "issuing.pem": issuing_pem, "issuing.crl": crl_der}
    calls = []
    for place, signature in enumerate(signatures, start=1):
        name = f"decision-{place:03d}"
        files[f"{name}.json"] = signature.statement
        files[f"{name}.txt"] = signature.text.encode()
        files[f"{name}.p7s"] = signature.cms
        files[f"{name}.pem"] = signature.certificate_pem
        calls.append(f"verify {name} {int(signature.signed_at.timestamp())}\n")
    files["VERIFY.sh"] = (_HEAD + "".join(calls) + _TAIL).encode()
    return files


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
