"""What can go wrong with certificates of an outside authority, by name (CERT-11)."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Busy, NotFound, RuleBroken


class ExternalReason(StrEnum):
    """Name why a certificate of an outside authority, or its revocation list, is refused."""

    TOO_LARGE = "certificates.external.too_large"
    MALFORMED = "certificates.external.malformed"
    NOT_ONE = "certificates.external.not_one"
    UNKNOWN_ISSUER = "certificates.external.unknown_issuer"
    AUTHORITY_EXPIRED = "certificates.external.authority_expired"
    NOT_AN_AUTHORITY = "certificates.external.not_an_authority"
    PATH_TOO_LONG = "certificates.external.path_too_long"
    WEAK_AUTHORITY = "certificates.external.weak_authority"
    AUTHORITY_REVOKED = "certificates.external.authority_revoked"
    NOT_UNDERSTOOD = "certificates.external.not_understood"
    NOT_YET_VALID = "certificates.external.not_yet_valid"
    EXPIRED = "certificates.external.expired"
    IS_AUTHORITY = "certificates.external.is_authority"
    WRONG_POLICY = "certificates.external.wrong_policy"
    WRONG_KEY_USAGE = "certificates.external.wrong_key_usage"
    WRONG_EXTENDED_USAGE = "certificates.external.wrong_extended_usage"
    WEAK_SIGNATURE = "certificates.external.weak_signature"
    WEAK_KEY = "certificates.external.weak_key"
    KNOWN_BAD_KEY = "certificates.external.known_bad_key"
    LIST_MISSING = "certificates.external.list_missing"
    LIST_STALE = "certificates.external.list_stale"
    LIST_OF_ANOTHER = "certificates.external.list_of_another"
    LIST_FORGED = "certificates.external.list_forged"
    LIST_PARTIAL = "certificates.external.list_partial"
    LIST_MALFORMED = "certificates.external.list_malformed"
    ALREADY_BOUND = "certificates.external.already_bound"
    KEY_IN_USE = "certificates.external.key_in_use"
    ON_HOLD = "certificates.external.on_hold"
    REVOKED = "certificates.external.revoked"


_EXTERNAL_MESSAGES: dict[ExternalReason, str | Promise] = {
    ExternalReason.TOO_LARGE: _("The file is larger than 16 KiB; a certificate is not."),
    ExternalReason.MALFORMED: _("The file is not a certificate in PEM or DER."),
    ExternalReason.NOT_ONE: _("The file holds more than one certificate. Send the holder's alone."),
    ExternalReason.UNKNOWN_ISSUER: _(
        "The certificate was not issued by an authority the bank accepts."
    ),
    ExternalReason.AUTHORITY_EXPIRED: _(
        "The certificate of the authority is outside its period of validity."
    ),
    ExternalReason.NOT_AN_AUTHORITY: _("A certificate in the chain is not one of an authority."),
    ExternalReason.PATH_TOO_LONG: _("The chain is longer than its authorities allow."),
    ExternalReason.WEAK_AUTHORITY: _("An authority in the chain has a key or a hash too weak."),
    ExternalReason.AUTHORITY_REVOKED: _("The certificate of the authority itself was revoked."),
    ExternalReason.NOT_UNDERSTOOD: _(
        "The certificate carries a critical condition the bank does not understand."
    ),
    ExternalReason.NOT_YET_VALID: _("The certificate is not valid yet."),
    ExternalReason.EXPIRED: _("The certificate has expired."),
    ExternalReason.IS_AUTHORITY: _("This is the certificate of an authority, not of a person."),
    ExternalReason.WRONG_POLICY: _(
        "The certificate was not issued under a policy the bank accepts from this authority."
    ),
    ExternalReason.WRONG_KEY_USAGE: _(
        "The certificate is not for signing that its holder cannot deny (contentCommitment)."
    ),
    ExternalReason.WRONG_EXTENDED_USAGE: _("The certificate is for another use than signing."),
    ExternalReason.WEAK_SIGNATURE: _("The certificate is signed with a hash that is too weak."),
    ExternalReason.WEAK_KEY: _("The key is of a kind or size the bank does not accept."),
    ExternalReason.KNOWN_BAD_KEY: _("The key is known to be unsafe."),
    ExternalReason.LIST_MISSING: _("There is no revocation list of the authority yet."),
    ExternalReason.LIST_STALE: _("The authority's revocation list is out of date."),
    ExternalReason.LIST_OF_ANOTHER: _("The revocation list is of another authority."),
    ExternalReason.LIST_FORGED: _("The revocation list was not signed by the authority."),
    ExternalReason.LIST_PARTIAL: _("The revocation list is not a full one."),
    ExternalReason.LIST_MALFORMED: _("The revocation list cannot be read."),
    ExternalReason.ALREADY_BOUND: _("This certificate is bound to a holder already."),
    ExternalReason.KEY_IN_USE: _(
        "The key of this certificate is in another certificate the bank knows."
    ),
    ExternalReason.ON_HOLD: _("The authority has put the certificate on hold."),
    ExternalReason.REVOKED: _("The authority has revoked the certificate."),
}


class ExternalRefused(RuleBroken):
    """Refuse a certificate of an outside authority, or its list, for a named reason (CERT-11)."""

    def __init__(self, reason: ExternalReason) -> None:
        super().__init__(reason.value, _EXTERNAL_MESSAGES[reason], field="certificate")
        self.reason = reason


def external_words(reason: ExternalReason) -> str | Promise:
    """Return what a reason says to people."""
    return _EXTERNAL_MESSAGES[reason]


class HolderNotFree(RuleBroken):
    """Refuse a holder for whom another certificate is on its way."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.external.holder_not_free",
            _("Another certificate of this holder is on its way. Confirm or withdraw it first."),
            field="holder",
        )


class HolderNotFit(RuleBroken):
    """Refuse a holder who is nobody's, or no longer anybody's, to certify."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.external.holder_not_fit",
            _("Choose a person of a company, in force, as the holder."),
            field="holder",
        )


class RenewedElsewhere(RuleBroken):
    """Say that another authority renews what it has issued (CERT-11)."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.external.renewed_elsewhere",
            _("The authority that issued your certificate renews it. Bring the new one to us."),
        )


class ExternalAuthorityUnknown(NotFound):
    """Say that there is no such outside authority."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.external.authority_unknown", _("There is no such outside authority.")
        )


class ListNotFetched(Busy):
    """Say that an outside authority's list could not be had; `why` is for the log."""

    def __init__(self, why: str) -> None:
        super().__init__(
            "certificates.external.list_not_fetched",
            _("The revocation list of the outside authority could not be fetched."),
        )
        self.why = why
