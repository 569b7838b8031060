"""What exactly is put before a signer, besides the facts?"""

from __future__ import annotations

from collections.abc import Sequence

from kernel.canonical import canonical_bytes, sha256_hex


def previous_digest(signature_digests: Sequence[str]) -> str | None:
    """Return the digest over the decisions of the previous stage, or None at the first (SIGN-1).

    Takes the SHA-256 (hex) of each signature in the order they were made. Colleagues of one
    stage do not depend on one another.
    """
    if not signature_digests:
        return None
    return sha256_hex(canonical_bytes(list(signature_digests)))


def decision_text(reference: str, act: str, lines: Sequence[tuple[str, str]], reason: str) -> str:
    """Return the words a signer reads, one line each; their digest is part of the statement."""
    said = [f"{reference} {act}", *[f"{label}: {value}" for label, value in lines]]
    return "\n".join([*said, reason] if reason else said)
