"""What states, letters, fees and history of certificates are called at the counter; tones."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from branch_ops.render import Text, word

CERTIFICATE_TONES: Mapping[str, str] = {
    "APPLIED": "info",
    "LETTER_PRINTED": "info",
    "CANCELLED": "neutral",
    "ISSUED": "info",
    "ACTIVE": "good",
    "SUSPENDED": "warn",
    "UNSUSPENDING": "warn",
    "REVOKED": "bad",
    "EXPIRED": "neutral",
}
LETTER_TONES: Mapping[str, str] = {
    "PREPARED": "warn",
    "PRINTED": "info",
    "CONSUMED": "good",
    "LOCKED": "bad",
    "EXPIRED": "neutral",
    "SUPERSEDED": "neutral",
}
FEE_TONES: Mapping[str, str] = {
    "DUE": "warn",
    "PAID": "good",
    "WAIVED": "neutral",
    "REFUNDED": "neutral",
}
# What each verb of a certificate's machine has done, and how it is coloured in its history.
CERTIFICATE_VERBS: Mapping[str, tuple[Text, str]] = {
    "apply": (_("Applied for"), "info"),
    "print_letter": (_("Letter printed"), "info"),
    "withdraw": (_("Application withdrawn"), "neutral"),
    "lose_letter": (_("Letter no longer valid"), "warn"),
    "enrol": (_("Certificate issued"), "info"),
    "confirm": (_("Certificate confirmed"), "good"),
    "suspend": (_("Certificate suspended"), "warn"),
    "suspend_finally": (_("Suspended for the third time: revoked for ever"), "bad"),
    "release_unsuspension": (_("Lifting of the suspension released"), "info"),
    "activate": (_("Suspension lifted"), "good"),
    "lose_unsuspension_letter": (_("Letter no longer valid"), "warn"),
    "revoke": (_("Certificate revoked"), "bad"),
    "expire": (_("Run out"), "neutral"),
}


def certificate_state(state: str) -> str:
    """Return what a certificate's state is called."""
    return word(state, "certificates.certificate.state")
