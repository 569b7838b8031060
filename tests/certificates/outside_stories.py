"""What the stories of outside certificates share: binding one, confirming it, being refused."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from certificates import operations
from certificates.errors import SigningReason, SigningRefused
from tests.factories.cards import TestCard
from tests.factories.certificates import AUDIENCE, NOW, Holder, confirm, make_holder, show
from tests.factories.outside import OutsideAuthority, bind

SERIAL = 0x4711
HOUR = timedelta(hours=1)
LATER = NOW + 2 * HOUR


def bound(outside: OutsideAuthority, holder: Holder | None = None, serial: int = SERIAL) -> Holder:
    """Return a person to whom an outside certificate was bound, not confirmed yet."""
    holder = holder or make_holder()
    card = TestCard()
    row = bind(holder.user, outside.certify(card, serial=serial))
    return Holder(holder.user, holder.session, card, bytes.fromhex(row.sha256 or ""))


def confirmed(
    outside: OutsideAuthority, holder: Holder | None = None, serial: int = SERIAL
) -> Holder:
    """Return a person who has confirmed an outside certificate with its key."""
    signer = bound(outside, holder, serial)
    challenge = operations.prepare_confirmation(
        actor=signer.user, session_key_sha256=signer.session, audience=AUDIENCE, now=NOW
    )
    assert challenge is not None
    confirm(signer, challenge)
    return signer


def refusal(signer: Holder, now: datetime = NOW) -> SigningReason:
    """Return why this person is not shown anything to sign."""
    with pytest.raises(SigningRefused) as refused:
        show(signer, now=now)
    return refused.value.reason
