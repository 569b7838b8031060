"""What can be wrong with bytes: requests, statements, signatures, lists, time stamps, by name."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Busy, RuleBroken


class RequestReason(StrEnum):
    """Name why a certificate signing request is refused."""

    TOO_LARGE = "certificates.request.too_large"
    MALFORMED = "certificates.request.malformed"
    BAD_SIGNATURE = "certificates.request.bad_signature"
    WEAK_HASH = "certificates.request.weak_hash"
    WEAK_CURVE = "certificates.request.weak_curve"
    WEAK_KEY_SIZE = "certificates.request.weak_key_size"
    UNSUPPORTED_KEY = "certificates.request.unsupported_key"
    POINT_OFF_CURVE = "certificates.request.point_off_curve"
    KNOWN_BAD_KEY = "certificates.request.known_bad_key"
    WRONG_NONCE = "certificates.request.wrong_nonce"


_REQUEST_MESSAGES: dict[RequestReason, str | Promise] = {
    RequestReason.TOO_LARGE: _("The certificate request is larger than 8 KiB."),
    RequestReason.MALFORMED: _("The certificate request cannot be read."),
    RequestReason.BAD_SIGNATURE: _("The certificate request does not prove possession of its key."),
    RequestReason.WEAK_HASH: _("The certificate request is signed with a hash that is too weak."),
    RequestReason.WEAK_CURVE: _("The key uses a curve the bank does not accept."),
    RequestReason.WEAK_KEY_SIZE: _("The RSA key has a size or exponent the bank does not accept."),
    RequestReason.UNSUPPORTED_KEY: _("The key is of a kind the bank does not accept."),
    RequestReason.POINT_OFF_CURVE: _("The public key is not a point on its curve."),
    RequestReason.KNOWN_BAD_KEY: _("The key is known to be unsafe."),
    RequestReason.WRONG_NONCE: _("The certificate request was made for another enrolment."),
}


class RequestRefused(RuleBroken):
    """Refuse a certificate signing request for a named reason."""

    def __init__(self, reason: RequestReason) -> None:
        super().__init__(reason.value, _REQUEST_MESSAGES[reason])
        self.reason = reason


class StatementReason(StrEnum):
    """Name why something cannot be put into a statement, or a statement cannot be read."""

    UNSAFE_CHARACTER = "certificates.statement.unsafe_character"
    MIXED_SCRIPTS = "certificates.statement.mixed_scripts"
    NOT_TEXT = "certificates.statement.not_text"
    BAD_MEMBER = "certificates.statement.bad_member"
    TOO_LARGE = "certificates.statement.too_large"
    NOT_CANONICAL = "certificates.statement.not_canonical"


_STATEMENT_MESSAGES: dict[StatementReason, str | Promise] = {
    StatementReason.UNSAFE_CHARACTER: _(
        "The text holds a character that is invisible or changes the direction of writing."
    ),
    StatementReason.MIXED_SCRIPTS: _(
        "A word mixes letters of different alphabets that look alike."
    ),
    StatementReason.NOT_TEXT: _("Amounts, numbers and identifiers must be given as text."),
    StatementReason.BAD_MEMBER: _("The statement lacks a member, or has one it must not have."),
    StatementReason.TOO_LARGE: _("The statement is too large to be signed."),
    StatementReason.NOT_CANONICAL: _("The statement is not in canonical form."),
}


class StatementRefused(RuleBroken):
    """Refuse a statement, or a text for one, for a named reason."""

    def __init__(self, reason: StatementReason, **facts: str) -> None:
        super().__init__(reason.value, _STATEMENT_MESSAGES[reason], **facts)
        self.reason = reason


class SignatureReason(StrEnum):
    """Name why a signature is refused."""

    MALFORMED = "certificates.signature.malformed"
    WRONG_STATEMENT = "certificates.signature.wrong_statement"
    WRONG_CERTIFICATE = "certificates.signature.wrong_certificate"
    WRONG_KEY_USAGE = "certificates.signature.wrong_key_usage"
    WRONG_TIME = "certificates.signature.wrong_time"
    BAD_SIGNATURE = "certificates.signature.bad_signature"


_SIGNATURE_MESSAGES: dict[SignatureReason, str | Promise] = {
    SignatureReason.MALFORMED: _("The signature cannot be read."),
    SignatureReason.WRONG_STATEMENT: _("The signature belongs to another statement."),
    SignatureReason.WRONG_CERTIFICATE: _("The signature was made with another certificate."),
    SignatureReason.WRONG_KEY_USAGE: _("This certificate may not be used for signing."),
    SignatureReason.WRONG_TIME: _("The signing time lies outside the time allowed."),
    SignatureReason.BAD_SIGNATURE: _("The signature is not valid."),
}


class SignatureRefused(RuleBroken):
    """Refuse a signature for a named reason."""

    def __init__(self, reason: SignatureReason) -> None:
        super().__init__(reason.value, _SIGNATURE_MESSAGES[reason])
        self.reason = reason


class AuthorityReason(StrEnum):
    """Name why the authority does not issue a certificate or a revocation list."""

    OUTLIVES_ISSUER = "certificates.authority.outlives_issuer"
    WRONG_ISSUER_KEY = "certificates.authority.wrong_issuer_key"
    DUPLICATE_SERIAL = "certificates.authority.duplicate_serial"
    UNREADABLE = "certificates.authority.unreadable"
    ANOTHER_ROOT = "certificates.authority.another_root"
    NO_AUTHORITY = "certificates.authority.no_authority"
    OUT_OF_TIME = "certificates.authority.out_of_time"
    STALE_LIST = "certificates.authority.stale_list"


_AUTHORITY_MESSAGES: dict[AuthorityReason, str | Promise] = {
    AuthorityReason.OUTLIVES_ISSUER: _("The certificate would outlive the authority's own."),
    AuthorityReason.WRONG_ISSUER_KEY: _("The authority's key and certificate do not match."),
    AuthorityReason.DUPLICATE_SERIAL: _("A certificate is listed twice as revoked."),
    AuthorityReason.UNREADABLE: _("The certificate, request or list cannot be read."),
    AuthorityReason.ANOTHER_ROOT: _("This was not signed by the bank's root."),
    AuthorityReason.NO_AUTHORITY: _("The certificate is not that of an issuing authority."),
    AuthorityReason.OUT_OF_TIME: _("The certificate is outside its period of validity."),
    AuthorityReason.STALE_LIST: _("The root's list is not newer than the one published."),
}


class AuthorityRefused(RuleBroken):
    """Refuse to issue for a named reason."""

    def __init__(self, reason: AuthorityReason) -> None:
        super().__init__(reason.value, _AUTHORITY_MESSAGES[reason])
        self.reason = reason


class TimeStampReason(StrEnum):
    """Name why an answer of a time stamping authority is not taken."""

    UNREACHABLE = "certificates.time_stamp.unreachable"
    NOT_GRANTED = "certificates.time_stamp.not_granted"
    MALFORMED = "certificates.time_stamp.malformed"
    WRONG_DIGEST = "certificates.time_stamp.wrong_digest"
    WRONG_NONCE = "certificates.time_stamp.wrong_nonce"
    WRONG_CERTIFICATE = "certificates.time_stamp.wrong_certificate"
    BAD_SIGNATURE = "certificates.time_stamp.bad_signature"


class TimeStampRefused(Busy):
    """Say that no time stamp was had this time, for a named reason; it is asked for again."""

    def __init__(self, reason: TimeStampReason) -> None:
        super().__init__(reason.value, _("The time stamp could not be had. It is asked for again."))
        self.reason = reason
