"""Put the evidence of one request together and seal it (SIGN-4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from certificates.formats.cades import build_signature
from certificates.formats.profiles import Service
from certificates.formats.signed_attributes import build_signed_attributes
from certificates.operations.services import service_credentials
from certificates.policies import whole_second
from certificates.queries import lists_at, root_of, signed_statements
from certificates.render import SEALED, decision_files, fixed_files, manifest, to_pem
from kernel.canonical import sha256_hex


def seal_evidence(
    *, request_key: str, files: Mapping[str, bytes], now: datetime
) -> dict[str, bytes]:
    """Return the evidence of a request's signatures as files by name, with the bank's seal.

    `files` are what the caller brings besides. The seal is a signature of the bank's own service
    over the list of all files, so that whoever holds the root's fingerprint finds anything changed,
    put in or left out. Writes nothing. Raises AuthorityMissing, KeyUnavailable.
    """
    own = service_credentials(service=Service.EVIDENCE_SEAL, now=now)
    root, crl = root_of(own.issuer), lists_at(now, own.issuer)
    sealed = {
        **files,
        **decision_files(signed_statements(request_key, root=root)),
        **fixed_files(),
        "root.pem": to_pem(root),
        "issuing.pem": to_pem(own.issuer),
        "issuing.crl": crl,
    }
    listed, signing_time = manifest(sealed), whole_second(now)
    attributes = build_signed_attributes(
        message_digest=bytes.fromhex(sha256_hex(listed)),
        certificate_sha256=bytes.fromhex(sha256_hex(own.certificate)),
        signing_time=signing_time,
    )
    seal = build_signature(
        statement=listed,
        certificate=own.certificate,
        signing_time=signing_time,
        signature=own.signer.sign(attributes),
        issuers=[own.issuer],
        crls=[crl],
    )
    return {**sealed, SEALED: listed, f"{SEALED}.p7s": seal}
