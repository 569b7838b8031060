"""The words of certificates for their holders: what stopped one, by whom, where to go (CERT-3)."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _, gettext_lazy

from certificates import queries as certificates
from certificates.errors import SigningReason, SigningRefused
from certificates.formats.external_lists import OutsideStatus
from certificates.formats.profiles import RevocationReason
from certificates.policies import PIN_TRIES, SUSPENSIONS_MOST
from certificates.queries import CertificateFacts, Stoppage
from certificates.states import CardState, CertificateState
from identity.models import User
from identity.queries import counter_of
from kernel.money import Money

STATES = {
    CertificateState.APPLIED: (gettext_lazy("Applied for"), "neutral"),
    CertificateState.LETTER_PRINTED: (gettext_lazy("Letter printed"), "info"),
    CertificateState.CANCELLED: (gettext_lazy("Cancelled"), "neutral"),
    CertificateState.ISSUED: (gettext_lazy("Issued, not confirmed"), "info"),
    CertificateState.ACTIVE: (gettext_lazy("In force"), "good"),
    CertificateState.SUSPENDED: (gettext_lazy("Suspended"), "warn"),
    CertificateState.UNSUSPENDING: (gettext_lazy("Suspended, being lifted"), "warn"),
    CertificateState.REVOKED: (gettext_lazy("Revoked"), "bad"),
    CertificateState.EXPIRED: (gettext_lazy("Expired"), "bad"),
}
CAUSES = {
    RevocationReason.KEY_COMPROMISE: gettext_lazy("Card or PIN may be in other hands"),
    RevocationReason.AFFILIATION_CHANGED: gettext_lazy("No longer with the company"),
    RevocationReason.CESSATION_OF_OPERATION: gettext_lazy("No longer needed"),
    RevocationReason.PRIVILEGE_WITHDRAWN: gettext_lazy("May no longer sign for the company"),
}
STORAGES = {
    "BROWSER": gettext_lazy("Virtual card"),
    "SOFTWARE": gettext_lazy("Software"),
    "HARDWARE": gettext_lazy("Smart card"),
}

_AT_COUNTER = (SigningReason.CERTIFICATE_NOT_ACTIVE, SigningReason.CARD_NOT_USABLE)


def state_of(state: str) -> tuple[str, str]:
    """Return what a state is called, and its tone."""
    label, tone = STATES[CertificateState(state)]
    return str(label), tone


def suspensions_used(suspensions: int) -> str:
    """Return how many of the allowed suspensions were used, and what the next would mean."""
    if suspensions >= SUSPENSIONS_MOST:
        return _("2 of 2 used: the next suspension is permanent")
    if suspensions:
        return _("1 of 2 used")
    return _("None of 2 used")


def what_stopped(stoppage: Stoppage | None) -> str:
    """Return who took a certificate out of force, when and why; empty where nobody did."""
    if stoppage is None:
        return ""
    day = _moment(stoppage.at)
    if stoppage.verb == "expire":
        return _("Its time ended on %(day)s.") % {"day": day}
    suspended = stoppage.verb == "suspend"
    said = [_by(stoppage, suspended=suspended) % {"day": day, "who": stoppage.who}]
    if stoppage.verb == "suspend_finally":
        said.append(_("It was the third suspension, which is permanent."))
    if stoppage.reason and stoppage.by == "company":
        said.append(_("Reason given: %(reason)s") % {"reason": stoppage.reason})
    return " ".join(said)


def next_step(facts: CertificateFacts, counter: str) -> str:
    """Return what the holder does next and where; `counter` is the unit that looks after them."""
    if facts.state == CertificateState.ACTIVE:
        if facts.card_state == CardState.LOCKED:
            return _(
                "The card is locked after too many wrong PINs. Go to %(counter)s with your "
                "identity card and apply for a new one."
            ) % {"counter": counter}
        if facts.card_state not in (None, CardState.ACTIVE):
            return _("The card can no longer be used. Apply for a new one at %(counter)s.") % {
                "counter": counter
            }
    if is_without_card(facts):
        return _(
            "Its card can no longer be used, so the suspension cannot be lifted. Apply for a new "
            "card at %(counter)s with your identity card."
        ) % {"counter": counter}
    texts = {
        CertificateState.APPLIED: _(
            "%(counter)s prints your letter once the application is complete and its fee is "
            "settled. Ask there if you wait for long."
        ),
        CertificateState.LETTER_PRINTED: _(
            "Your letter is printed. Take your card into use with its number and secret. If it is "
            "lost or does not work, ask %(counter)s for a new one."
        ),
        CertificateState.CANCELLED: _("The application was withdrawn at %(counter)s."),
        CertificateState.ISSUED: _(
            "One step is missing: confirm it in the browser in which you began."
        ),
        CertificateState.ACTIVE: _("You can sign with it."),
        CertificateState.SUSPENDED: _(
            "Only %(counter)s can lift the suspension: go there with your identity card. You then "
            "get a new letter."
        ),
        CertificateState.UNSUSPENDING: _(
            "%(counter)s has agreed to lift the suspension. Finish it with your new letter and "
            "your card; until then the certificate cannot sign."
        ),
        CertificateState.REVOKED: _(
            "It has ended for ever. Apply for a new one at %(counter)s; the fee is due again."
        ),
        CertificateState.EXPIRED: _("Apply for a new one at %(counter)s."),
    }
    text = _outside_step(facts) or texts[CertificateState(facts.state)]
    return text % {"counter": counter}


def _outside_step(facts: CertificateFacts) -> str:
    """Return what is different for a certificate of an outside authority, or empty text."""
    if not facts.outside_status:
        return ""
    if facts.state == CertificateState.ISSUED:
        return _(
            "Another authority issued it. One step is missing: confirm it by a signature of the "
            "card it is on, with the card agent on your PC."
        )
    if facts.state == CertificateState.ACTIVE and facts.outside_status != OutsideStatus.GOOD:
        return _("The authority that issued it has put it on hold. Only they can lift that.")
    return ""


def is_without_card(facts: CertificateFacts) -> bool:
    """Tell whether a certificate is on hold and its card is lost, locked or broken."""
    on_hold = facts.live and facts.state != CertificateState.ACTIVE
    return on_hold and facts.card_state not in (None, CardState.ACTIVE)


def card_problem(user: User, *, function: str, amount: Money | None, now: datetime) -> str:
    """Return what keeps a person's own card from signing and what to do about it, or empty text.

    For people who hold, held or applied for a certificate; four queries at most.
    """
    own = certificates.own_certificates(user.pk)
    found = next((one for one in own if one.live), own[0] if own else None)
    if found is None:
        return ""
    refusal = found.refusal(function=function, amount=amount, now=now)
    if refusal is None:
        return ""
    told = [str(SigningRefused(SigningReason(refusal)))]
    if refusal == SigningReason.CERTIFICATE_NOT_ACTIVE:
        told = [what_stopped(certificates.stoppages([found.id]).get(found.id))]
    if refusal in _AT_COUNTER:
        told.append(next_step(found, counter_of(user)))
    return " ".join(filter(None, told))


def tries_left(facts: CertificateFacts) -> int:
    """Return how many wrong PINs are left before the card is locked."""
    return PIN_TRIES - facts.pin_tries


def _by(stoppage: Stoppage, *, suspended: bool) -> str:
    if stoppage.by == "holder":
        if suspended:
            return _("You reported the card as lost on %(day)s; that suspended the certificate.")
        return _("Replaced or ended by yourself on %(day)s.")
    if stoppage.by == "company":
        if suspended:
            return _("Suspended on %(day)s by %(who)s, security supervisor of your company.")
        return _("Revoked on %(day)s by %(who)s, security supervisor of your company.")
    if suspended:
        return (
            _("Suspended on %(day)s by %(who)s of the bank.")
            if stoppage.who
            else _("Suspended on %(day)s by the bank.")
        )
    return (
        _("Revoked on %(day)s by %(who)s of the bank.")
        if stoppage.who
        else _("Revoked on %(day)s by the bank.")
    )


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"
