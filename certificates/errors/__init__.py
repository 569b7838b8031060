"""What can go wrong with certificates, requests, statements and signatures, by name."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from certificates.errors.formats import (
    AuthorityReason as AuthorityReason,
    AuthorityRefused as AuthorityRefused,
    RequestReason as RequestReason,
    RequestRefused as RequestRefused,
    SignatureReason as SignatureReason,
    SignatureRefused as SignatureRefused,
    StatementReason as StatementReason,
    StatementRefused as StatementRefused,
    TimeStampReason as TimeStampReason,
    TimeStampRefused as TimeStampRefused,
)
from kernel.errors import Busy, Conflict, NotFound, RuleBroken


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
    OUTSIDE_SCOPE_DATES = "certificates.signing.outside_scope_dates"
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
    SigningReason.OUTSIDE_SCOPE_DATES: _(
        "Your certificate may not be used on this day. Ask your branch about its usage scope."
    ),
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


class OwnCertificate(RuleBroken):
    """Refuse to suspend or revoke one's own certificate as a supervisor."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.certificate.own",
            _("This is your own certificate. If its card is lost, report it as lost."),
        )


class ReasonNeeded(RuleBroken):
    """Refuse to suspend or revoke without saying why."""

    def __init__(self, *, field: str = "reason") -> None:
        super().__init__(
            "certificates.certificate.reason_needed",
            _("Write why: the holder reads it."),
            field=field,
        )


class ApplicationWaiting(Conflict):
    """Say that the holder has an application that waits already."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.application.waiting",
            _("An application of this person is waiting already."),
        )


class LetterNotPrintable(Conflict):
    """Say that no letter waits to be printed: a letter is printed once (CERT-1)."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.letter.not_printable",
            _("There is no letter to print. A letter is printed once; ask for a reprint."),
        )


class ScopeRefused(RuleBroken):
    """Refuse a usage scope that makes no sense, beside the field that is wrong (CERT-6)."""

    def __init__(self, field: str) -> None:
        messages: dict[str, str | Promise] = {
            "functions": _("Choose functions by their names."),
            "amount_cap": _("The highest amount must be above zero."),
            "scope_until": _("The last day must not lie before the first."),
        }
        super().__init__(f"certificates.scope.{field}", messages[field], field=field)


class CardUnknown(NotFound):
    """Say that there is no such card where the actor works."""

    def __init__(self) -> None:
        super().__init__("certificates.card.unknown", _("There is no such card here."))


class CardKnown(Conflict):
    """Say that a card of this serial number was received before."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.card.known", _("A card with this serial number is known already.")
        )


class CardStateChanged(Conflict):
    """Say that a card is in a state this act does not start from."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "certificates.card.state_changed",
            _("The state of the card does not allow this (now: %(state)s)."),
            state=state,
        )


class CardInUse(RuleBroken):
    """Say that a certificate in force is on the card."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.card.in_use",
            _("A certificate that has not ended is on this card. Revoke it first."),
        )


class CardLost(RuleBroken):
    """Say that a suspension cannot be lifted because the card is gone (CERT-10)."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.card.lost",
            _("The card cannot be used any more. Apply for a new certificate."),
        )


class NotRenewable(RuleBroken):
    """Say that it is too early, or too late, to renew a certificate (CERT-12)."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.renewal.not_yet",
            _("A certificate is renewed while it is in force, in the last 60 days of its life."),
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


class KeyMadeElsewhere(RuleBroken):
    """Refuse a key made elsewhere than the application, or the certificate to renew, says."""

    def __init__(self, code: str) -> None:
        messages: dict[str, str | Promise] = {
            "certificates.enrolment.on_card": _(
                "This application is for a card of the bank: it is taken into use with the card"
                " program on your PC, not in the browser."
            ),
            "certificates.enrolment.in_browser": _(
                "This application is for a key in the browser: it is taken into use there, not"
                " with the card program."
            ),
            "certificates.renewal.on_card": _(
                "This certificate is on a card of the bank: it is renewed with the card program"
                " on your PC, not in the browser."
            ),
            "certificates.renewal.in_browser": _(
                "The key of this certificate is in the browser: it is renewed there, not with the"
                " card program."
            ),
        }
        super().__init__(code, messages[code])


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


class PinNotWanted(RuleBroken):
    """Refuse a PIN for a card of the bank, which keeps its own and never tells it."""

    def __init__(self) -> None:
        super().__init__(
            "certificates.pin.not_wanted",
            _("A card of the bank keeps its own PIN. Send none."),
            field="pin",
        )


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


class AuthorityUnknown(NotFound):
    """Say that the bank has no such authority."""

    def __init__(self) -> None:
        super().__init__("certificates.authority.unknown", _("There is no such authority."))


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
