"""Which states certificates, letters and cards can be in, and which verbs lead where (CERT-3)."""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb


class CertificateState(StrEnum):
    APPLIED = "APPLIED"
    LETTER_PRINTED = "LETTER_PRINTED"
    CANCELLED = "CANCELLED"
    ISSUED = "ISSUED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    UNSUSPENDING = "UNSUSPENDING"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


# No key yet: the row is an application, nothing of it is known to the world.
WITHOUT_KEY = (
    CertificateState.APPLIED,
    CertificateState.LETTER_PRINTED,
    CertificateState.CANCELLED,
)
# On its way to its holder: one at a time for each holder and purpose.
WAITING = (
    CertificateState.APPLIED,
    CertificateState.LETTER_PRINTED,
    CertificateState.ISSUED,
)
# The holder's certificate of a purpose: one at a time (CERT-3).
LIVE = (
    CertificateState.ACTIVE,
    CertificateState.SUSPENDED,
    CertificateState.UNSUSPENDING,
)
ON_HOLD = (CertificateState.SUSPENDED, CertificateState.UNSUSPENDING)
ENDABLE = (CertificateState.ISSUED, *LIVE)
FINAL = (CertificateState.CANCELLED, CertificateState.REVOKED, CertificateState.EXPIRED)

CERTIFICATE_VERBS: Table = {
    "print_letter": Verb((CertificateState.APPLIED,), CertificateState.LETTER_PRINTED),
    "withdraw": Verb(
        (CertificateState.APPLIED, CertificateState.LETTER_PRINTED), CertificateState.CANCELLED
    ),
    "lose_letter": Verb((CertificateState.LETTER_PRINTED,), CertificateState.APPLIED),
    "enrol": Verb((CertificateState.LETTER_PRINTED,), CertificateState.ISSUED),
    # Issued by an outside authority: accepted here without a letter (CERT-11).
    "bind": Verb((CertificateState.APPLIED,), CertificateState.ISSUED),
    "confirm": Verb((CertificateState.ISSUED,), CertificateState.ACTIVE),
    "suspend": Verb((CertificateState.ACTIVE,), CertificateState.SUSPENDED),
    # The third suspension is for ever (CERT-4).
    "suspend_finally": Verb((CertificateState.ACTIVE,), CertificateState.REVOKED),
    "release_unsuspension": Verb((CertificateState.SUSPENDED,), CertificateState.UNSUSPENDING),
    "activate": Verb((CertificateState.UNSUSPENDING,), CertificateState.ACTIVE),
    "lose_unsuspension_letter": Verb((CertificateState.UNSUSPENDING,), CertificateState.SUSPENDED),
    "revoke": Verb(ENDABLE, CertificateState.REVOKED),
    "expire": Verb(ENDABLE, CertificateState.EXPIRED),
}


class LetterState(StrEnum):
    PREPARED = "PREPARED"
    PRINTED = "PRINTED"
    CONSUMED = "CONSUMED"
    LOCKED = "LOCKED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"


OPEN_LETTER = (LetterState.PREPARED, LetterState.PRINTED)

LETTER_VERBS: Table = {
    "print": Verb((LetterState.PREPARED,), LetterState.PRINTED),
    "consume": Verb((LetterState.PRINTED,), LetterState.CONSUMED),
    "lock": Verb((LetterState.PRINTED,), LetterState.LOCKED),
    "expire": Verb(OPEN_LETTER, LetterState.EXPIRED),
    "supersede": Verb(OPEN_LETTER, LetterState.SUPERSEDED),
}


class CardState(StrEnum):
    """Say where a card is in its own life; not the state of the certificate on it."""

    IN_STOCK = "IN_STOCK"
    ASSIGNED = "ASSIGNED"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    LOCKED = "LOCKED"
    PERM_LOST = "PERM_LOST"
    DAMAGED = "DAMAGED"
    TERMINATED = "TERMINATED"


_WITH_HOLDER = (CardState.ASSIGNED, CardState.ACTIVE, CardState.SUSPENDED, CardState.LOCKED)

CARD_VERBS: Table = {
    "assign": Verb((CardState.IN_STOCK,), CardState.ASSIGNED),
    # Never used: no key was made on it.
    "return": Verb((CardState.ASSIGNED,), CardState.IN_STOCK),
    "activate": Verb((CardState.ASSIGNED,), CardState.ACTIVE),
    "suspend": Verb((CardState.ACTIVE,), CardState.SUSPENDED),
    "restore": Verb((CardState.SUSPENDED,), CardState.ACTIVE),
    # Too many wrong PINs (SIGN-6).
    "lock": Verb((CardState.ASSIGNED, CardState.ACTIVE), CardState.LOCKED),
    "report_lost": Verb(_WITH_HOLDER, CardState.PERM_LOST),
    "report_damaged": Verb((CardState.IN_STOCK, *_WITH_HOLDER), CardState.DAMAGED),
    "terminate": Verb(_WITH_HOLDER, CardState.TERMINATED),
}


class AuthorityState(StrEnum):
    """Say whether an authority issues; a retired one goes on telling of what it issued."""

    CURRENT = "CURRENT"
    RETIRED = "RETIRED"


AUTHORITY_VERBS: Table = {
    "retire": Verb((AuthorityState.CURRENT,), AuthorityState.RETIRED),
}
