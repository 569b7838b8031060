"""Put the evidence of one request together and seal it (SIGN-4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from certificates.formats.evidence import Seal, decision_files, fixed_files, seal, to_pem
from certificates.formats.profiles import Service
from certificates.operations.services import service_credentials
from certificates.queries import list_at, root_of, signed_statements


def seal_evidence(
    *, request_key: str, files: Mapping[str, bytes], now: datetime
) -> dict[str, bytes]:
    """Return the evidence of a request's signatures as files by name, with the bank's seal.

    `files` are what the caller brings besides. Writes nothing. Raises AuthorityMissing,
    KeyUnavailable.
    """
    own = service_credentials(service=Service.EVIDENCE_SEAL, now=now)
    root, crl = root_of(own.issuer), list_at(now, own.issuer)
    complete = {
        **files,
        **decision_files(signed_statements(request_key, root=root)),
        **fixed_files(),
        "root.pem": to_pem(root),
        "issuing.pem": to_pem(own.issuer),
        "issuing.crl": crl,
    }
    return seal(complete, Seal(own.signer, own.certificate, own.issuer, crl), now=now)
