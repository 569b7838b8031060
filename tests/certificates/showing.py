"""A person at their browser who shows their card, step by step."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from certificates import operations
from certificates.operations import SignRequestFacts
from identity.models import Session
from kernel import ids
from tests.factories.certificates import AUDIENCE, NOW, PIN, Holder

MINUTE = timedelta(minutes=1)


def with_session(signer: Holder) -> Holder:
    """Return a person with a card whose browser has a real session, on a password so far."""
    session = ids.digest(f"session of {signer.user.pk}")
    Session.objects.create(
        key_sha256=session, site="enterprise", user=signer.user, address="203.0.113.7",
        agent="test", idle_minutes=10, started_at=NOW, seen_at=NOW, expires_at=NOW + 480 * MINUTE,
    )  # fmt: skip
    return replace(signer, session=session)


def session_of(holder: Holder) -> Session:
    return Session.objects.get(user=holder.user, ended_at=None)


def begin(holder: Holder, now=NOW, **changes: object) -> SignRequestFacts:
    arguments = {
        "actor": holder.user, "session_key_sha256": holder.session, "audience": AUDIENCE,
        "now": now,
    }  # fmt: skip
    return operations.begin_authentication(**{**arguments, **changes})


def unlock(holder: Holder, shown: SignRequestFacts, pin: str = PIN, now=NOW):
    return operations.unlock_authentication(
        actor=holder.user, session_key_sha256=holder.session, sign_request_id=shown.id, pin=pin,
        now=now,
    )  # fmt: skip


def begun(holder: Holder, now=NOW) -> SignRequestFacts:
    """Show the statement and give the right PIN."""
    shown = begin(holder, now)
    assert unlock(holder, shown, now=now).ok
    return shown


def signature_by(holder: Holder, shown: SignRequestFacts, now=NOW, **changes: object) -> bytes:
    """Return what the card's key for signing in makes of a statement."""
    signed = {
        "statement": shown.statement,
        "certificate_sha256": bytes.fromhex(shown.certificate_sha256),
        "signing_time": now.replace(microsecond=0),
    }
    return holder.card.companion.sign_statement(**{**signed, **changes})


def authenticate(holder: Holder, shown: SignRequestFacts, now=NOW, **changes: object) -> str:
    arguments = {
        "actor": holder.user, "session_key_sha256": holder.session, "audience": AUDIENCE,
        "sign_request_id": shown.id, "signature_der": b"", "now": now,
        "signing_time": now.replace(microsecond=0),
    }  # fmt: skip
    if "signature_der" not in changes:
        changes["signature_der"] = signature_by(holder, shown, now)
    return operations.authenticate(**{**arguments, **changes})
