"""What can go wrong with certificates, requests, statements and signatures, by name."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Busy, Conflict, NotFound, RuleBroken


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


_AUTHORITY_MESSAGES: dict[AuthorityReason, str | Promise] = {
    AuthorityReason.OUTLIVES_ISSUER: _("The certificate would outlive the authority's own."),
    AuthorityReason.WRONG_ISSUER_KEY: _("The authority's key and certificate do not match."),
    AuthorityReason.DUPLICATE_SERIAL: _("A certificate is listed twice as revoked."),
}


class AuthorityRefused(RuleBroken):
    """Refuse to issue for a named reason."""

    def __init__(self, reason: AuthorityReason) -> None:
        super().__init__(reason.value, _AUTHORITY_MESSAGES[reason])
        self.reason = reason


class SecretMistyped(RuleBroken):
    """Refuse a letter secret that cannot be one: wrong length, alphabet or check character."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.letter.mistyped", _("Check the letter number and the secret.")
        )


class SigningReason(StrEnum):
    """Name why a person's certificate, card or sign request does not let them sign."""

    NO_CERTIFICATE = "certificates.signing.no_certificate"
    CERTIFICATE_NOT_ACTIVE = "certificates.signing.certificate_not_active"
    CERTIFICATE_EXPIRED = "certificates.signing.certificate_expired"
    CARD_NOT_USABLE = "certificates.signing.card_not_usable"
    STORAGE_NOT_ALLOWED = "certificates.signing.storage_not_allowed"
    FUNCTION_NOT_ALLOWED = "certificates.signing.function_not_allowed"
    AMOUNT_ABOVE_CAP = "certificates.signing.amount_above_cap"
    NOT_UNLOCKED = "certificates.signing.not_unlocked"
    REQUEST_EXPIRED = "certificates.signing.request_expired"
    OUTSIDE_NOT_GOOD = "certificates.signing.outside_not_good"
    OUTSIDE_STALE = "certificates.signing.outside_stale"


_SIGNING_MESSAGES: dict[SigningReason, str | Promise] = {
    SigningReason.NO_CERTIFICATE: _("You have no certificate to sign with."),
    SigningReason.CERTIFICATE_NOT_ACTIVE: _("Your certificate is not in force."),
    SigningReason.CERTIFICATE_EXPIRED: _("Your certificate is outside its period of validity."),
    SigningReason.CARD_NOT_USABLE: _("Your card cannot be used. Ask your branch for a new letter."),
    SigningReason.STORAGE_NOT_ALLOWED: _(
        "The bank does not accept signatures by a key kept where yours is."
    ),
    SigningReason.FUNCTION_NOT_ALLOWED: _("Your certificate may not be used for this function."),
    SigningReason.AMOUNT_ABOVE_CAP: _("The amount is above what your certificate may sign."),
    SigningReason.NOT_UNLOCKED: _("Enter the PIN of your card before signing."),
    SigningReason.REQUEST_EXPIRED: _("The time to sign has run out. Open the page again."),
    SigningReason.OUTSIDE_NOT_GOOD: _(
        "The authority that issued your certificate has put it on hold or revoked it. Ask them."
    ),
    SigningReason.OUTSIDE_STALE: _(
        "The bank has no current revocation list of the authority that issued your certificate,"
        " so you cannot sign. Try again later, or ask your branch."
    ),
}


class SigningRefused(RuleBroken):
    """Refuse to let somebody sign for a named reason."""

    def __init__(self, reason: SigningReason) -> None:
        super().__init__(reason.value, _SIGNING_MESSAGES[reason])
        self.reason = reason


class SigningStale(Conflict):
    """Say that a sign request was used, or that what was shown is no longer so."""

    def __init__(self, code: str) -> None:
        messages: dict[str, str | Promise] = {
            "certificates.signing.used": _("This has been signed already."),
            "certificates.signing.changed": _(
                "What you were shown has changed since. Open the page again."
            ),
        }
        super().__init__(code, messages[code])


class SignRequestUnknown(NotFound):
    """Say that this person has no such sign request in this session."""

    def __init__(self) -> None:
        super().__init__("certificates.signing.unknown", _("There is nothing like this to sign."))


class CertificateUnknown(NotFound):
    """Say that the actor may see no such certificate."""

    def __init__(self) -> None:
        super().__init__("certificates.certificate.unknown", _("There is no such certificate."))


class HolderUnknown(NotFound):
    """Say that there is no such person to certify."""

    def __init__(self) -> None:
        super().__init__("certificates.holder.unknown", _("There is no such person."))


class CertificateStateChanged(Conflict):
    """Say that a certificate is in a state this act does not start from."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "certificates.certificate.state_changed",
            _("The state of the certificate does not allow this (now: %(state)s)."),
            state=state,
        )


class KeyAlreadyUsed(RuleBroken):
    """Refuse a key that was certified before, revoked certificates included (CERT-2)."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.request.key_already_used",
            _("This key was certified before. Make a new one."),
        )


class EnrolmentUnknown(RuleBroken):
    """Say that no enrolment was begun in this session, or too long ago."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.enrolment.unknown",
            _("The enrolment has run out. Open the page again."),
        )


class LetterRefused(RuleBroken):
    """Refuse a letter: the one answer to every way in which a letter can fail (CERT-2)."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.letter.refused",
            _("The letter number or its secret is wrong, or the letter is no longer valid."),
            field="secret",
        )


class WeakPin(RuleBroken):
    """Refuse a new PIN."""

    def __init__(self, code: str, *, field: str = "pin") -> None:
        messages: dict[str, str | Promise] = {
            "certificates.pin.differs": _("The two PINs differ."),
            "certificates.pin.malformed": _("A PIN is 6 to 12 digits."),
            "certificates.pin.simple": _("This PIN is too easy to guess."),
        }
        super().__init__(code, messages[code], field=field)


class PinRefused(RuleBroken):
    """Say that a PIN was wrong and how many tries are left."""

    def __init__(self, tries_left: int) -> None:
        super().__init__(
            "certificates.pin.wrong",
            _("The PIN is wrong. Tries left: %(tries_left)d."),
            field="pin",
            tries_left=tries_left,
        )


class CardLocked(RuleBroken):
    """Say that a card is locked after too many wrong PINs."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.card.locked",
            _("The card is locked after too many wrong PINs. Ask your branch for a new letter."),
            field="pin",
        )


class AuthorityMissing(Busy):
    """Say that the bank's certificate authority has not been prepared."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.authority.missing", _("The certificate authority is not ready.")
        )


class KeyUnavailable(Busy):
    """Say that a key of the authority cannot be used now: no file, or no token, or no key in it."""

    def __init__(self, reference: str) -> None:
        super().__init__(
            "certificates.authority.key_unavailable",
            _("The authority's key cannot be used at the moment."),
            reference=reference,
        )


class MessageUnreadable(RuleBroken):
    """Refuse a message of the card that is not what the page sends."""

    def __init__(self) -> None:
        super().__init__("certificates.message.unreadable", _("The message cannot be read."))
