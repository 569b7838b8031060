"""Sessions as Django's machinery wants them, kept in identity's own rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from identity import operations, queries
from identity.formats import session_digest
from identity.models import User
from kernel import clock


class SessionStore(SessionBase):
    """Load a session with its person in one query; only signing in makes one.

    A visitor who has not signed in has no session at all: language and CSRF live in cookies.
    """

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.user: User | None = None
        self.seen_at: datetime | None = None
        self.factor = ""
        self.idle_minutes = self.warning_seconds = 0

    @property
    def key_sha256(self) -> str:
        """Return the stored name of this session, or empty text where there is none."""
        return session_digest(self.session_key) if self.session_key else ""

    def load(self) -> dict[str, Any]:
        """Read the live session of the cookie, or none."""
        row = queries.live_session(self.key_sha256, site=settings.SITE, now=clock.now())
        if row is None:
            self._session_key = None
            return {}
        self.user, self.seen_at, self.factor = row.user, row.seen_at, row.factor
        row.user.factor, row.user.factor_shown_at = row.factor, row.stepped_up_at
        self.idle_minutes, self.warning_seconds = row.idle_minutes, row.warning_seconds
        return dict(row.data)

    def adopt(self, session_key: str) -> None:
        """Take over the session that signing in has just made; the cookie follows."""
        self._session_key = session_key
        self._session_cache: dict[str, Any] = {}
        self.modified = True

    def forget(self) -> None:
        """Drop the session from this request; the cookie is deleted."""
        self._session_key = None
        self._session_cache = {}
        self.user = None
        self.modified = True

    def exists(self, session_key: str) -> bool:
        """Tell whether a live session has this key."""
        digest = session_digest(session_key)
        return queries.live_session(digest, site=settings.SITE, now=clock.now()) is not None

    def save(self, must_create: bool = False) -> None:
        """Keep the session's data; a visitor's is never kept."""
        if self.session_key and not must_create:
            operations.keep_session_data(key_sha256=self.key_sha256, data=dict(self.items()))

    def create(self) -> None:
        """Refuse: only signing in makes a session."""
        raise RuntimeError("only identity.operations.sign_in makes a session")

    def delete(self, session_key: str | None = None) -> None:
        """End the session."""
        key = session_key or self.session_key
        if key:
            operations.sign_out(key_sha256=session_digest(key), now=clock.now())

    @classmethod
    def clear_expired(cls) -> None:
        """Keep ended sessions: they are the record of who signed in when (AUTH-8)."""
