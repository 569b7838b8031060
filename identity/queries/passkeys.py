"""Which passkeys has a person, and what has their session shown of them?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from identity.models import Passkey, PasskeyChallenge


@dataclass(frozen=True, slots=True)
class OwnPasskey:
    """Show one passkey in use to its holder."""

    pk: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


def own_passkeys(user_id: int) -> list[OwnPasskey]:
    """Return a person's passkeys in use, oldest first; one query."""
    rows = Passkey.objects.filter(user_id=user_id, ended_at__isnull=True).order_by("pk")
    columns = rows.values_list("pk", "name", "created_at", "last_used_at")
    return [OwnPasskey(*row) for row in columns]


def registration_proved_until(
    user_id: int, *, session_key_sha256: str, now: datetime
) -> datetime | None:
    """Return until when a code typed in this session lets its person register a passkey."""
    rows = PasskeyChallenge.objects.filter(
        user_id=user_id, session_key_sha256=session_key_sha256, purpose="register",
        used_at__isnull=True, expires_at__gt=now,
    )  # fmt: skip
    return rows.values_list("expires_at", flat=True).first()
