"""Does a release also ask for a transaction verification code? A pure function."""

from __future__ import annotations

from decimal import Decimal
from hashlib import sha256

from kernel.money import Money

HOME_CURRENCY = "TWD"


def code_subject(*, kind: str, reference: str, revision: int, revision_sha256: str) -> str:
    """Return what a verification code is bound to: one revision of one request (AUTH-7).

    SHA-256, 64 hexadecimal characters, over kind, reference, number and digest of the revision,
    a line each. The digest alone is the same for two orders of the same payee, amount and memo.
    """
    lines = (kind, reference, str(revision), revision_sha256)
    return sha256("\n".join(lines).encode()).hexdigest()


def needs_code(code_from: Decimal | None, money: Money | None) -> bool:
    """Tell whether the company's policy asks for a code at the release of this amount (AUTH-7).

    `code_from` is in TWD; an amount in another currency always asks for one, because no rate
    stands between a policy and what it protects. None asks for nothing.
    """
    if code_from is None or money is None:
        return False
    return money.currency != HOME_CURRENCY or money.amount >= code_from
