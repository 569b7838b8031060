"""Which of the counter's jobs can be done on a certificate now, and if not, why not? (CERT-7)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from branch_ops.queries.certificate import WITHDRAWABLE, CertificateDetail
from certificates.states import ENDABLE, CertificateState, LetterState
from identity.models import User
from identity.permissions import can

ENDED = (CertificateState.CANCELLED, CertificateState.REVOKED, CertificateState.EXPIRED)


class Job(StrEnum):
    """Name what can be done on one certificate; the value is the last part of its address."""

    APPLICATION = "application"
    WITHDRAWAL = "withdrawal"
    SCOPE = "scope"
    SUSPENSION = "suspension"
    UNSUSPENSION = "unsuspension"
    REVOCATION = "revocation"
    LETTER = "letter"
    REPRINT = "reprint"


PERMISSIONS = {
    Job.APPLICATION: "certificates.application.propose",
    Job.WITHDRAWAL: "certificates.withdrawal.propose",
    Job.SCOPE: "certificates.scope.propose",
    Job.SUSPENSION: "certificates.certificate.suspend",
    Job.UNSUSPENSION: "certificates.unsuspension.propose",
    Job.REVOCATION: "certificates.revocation.propose",
    Job.LETTER: "certificates.letter.print",
    Job.REPRINT: "certificates.reprint.propose",
}
# These are a person's alone and wait for nobody; the others are one request at a time (DUAL-5).
WITHOUT_REQUEST = (Job.APPLICATION, Job.SUSPENSION, Job.LETTER)


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """Carry what stands between a prepared letter and the printer."""

    settled: bool
    in_stock: int
    is_proposer: bool


def why_not(job: Job, certificate: CertificateDetail, *, actor: User, letter: LetterFacts) -> str:
    """Return in one sentence why a job cannot be done now; empty text where it can."""
    by_state = STATE_RULES[job](certificate)
    if by_state:
        return by_state
    if not can(actor, PERMISSIONS[job]):
        return _("Your role does not include this.")
    if job not in WITHOUT_REQUEST and certificate.pending:
        return _("Request %(reference)s on this certificate has to be decided first.") % {
            "reference": certificate.pending
        }
    return _letter_in_the_way(letter) if job == Job.LETTER else ""


def state_refusal(job: Job, certificate: CertificateDetail) -> str:
    """Return why a certificate's state does not allow a job, or empty text."""
    return STATE_RULES[job](certificate)


def _application(certificate: CertificateDetail) -> str:
    if certificate.holder.waiting_id:
        return _("An application of this person is under way already.")
    if not certificate.holder.in_force:
        return _("The person or the company is not in force.")
    return ""


def _withdrawal(certificate: CertificateDetail) -> str:
    if certificate.state in WITHDRAWABLE:
        return ""
    return _("Only an application whose letter has not been used can be withdrawn.")


def _scope(certificate: CertificateDetail) -> str:
    return _("It has ended for good.") if certificate.state in ENDED else ""


def _suspension(certificate: CertificateDetail) -> str:
    if certificate.state == CertificateState.ACTIVE:
        return ""
    if certificate.state in (CertificateState.SUSPENDED, CertificateState.UNSUSPENDING):
        return _("It is suspended already.")
    if certificate.state in ENDED:
        return _("It has ended for good.")
    return _("It is not in force yet: withdraw the application or revoke it.")


def _unsuspension(certificate: CertificateDetail) -> str:
    if certificate.state == CertificateState.SUSPENDED:
        return ""
    if certificate.state == CertificateState.UNSUSPENDING:
        return _("The lifting has been released; the holder's letter is on its way.")
    return _("It is not suspended.")


def _revocation(certificate: CertificateDetail) -> str:
    if certificate.state in ENDABLE:
        return ""
    if certificate.state in ENDED:
        return _("It has ended for good.")
    return _("Nothing was issued yet: withdraw the application instead.")


def _letter(certificate: CertificateDetail) -> str:
    letter = certificate.open_letter
    if letter is None:
        return _("There is no letter to print.")
    if letter.state == LetterState.PREPARED:
        return ""
    return _("Printed on %(at)s. A letter is never printed twice: ask for a reprint.") % {
        "at": f"{localtime(letter.printed_at):%Y-%m-%d %H:%M}" if letter.printed_at else "-"
    }


def _reprint(certificate: CertificateDetail) -> str:
    letter = certificate.open_letter
    if letter is not None and letter.state == LetterState.PRINTED:
        return ""
    if letter is None and certificate.state == CertificateState.APPLIED:
        return ""  # the first letter expired or was locked
    if letter is not None:
        return _("The letter has not been printed yet: print it.")
    if certificate.state == CertificateState.SUSPENDED:
        return _("Its letter lost its force: propose lifting the suspension again.")
    return _("No letter of this certificate can be used any more.")


def _letter_in_the_way(letter: LetterFacts) -> str:
    if letter.is_proposer:
        return _("You asked for this letter: somebody else of the branch prints it.")
    if not letter.settled:
        return _("The fee is not settled: take it or have it waived first.")
    if not letter.in_stock:
        return _("The branch has no letter stationery left: requisition some first.")
    return ""


STATE_RULES: dict[Job, Callable[[CertificateDetail], str]] = {
    Job.APPLICATION: _application,
    Job.WITHDRAWAL: _withdrawal,
    Job.SCOPE: _scope,
    Job.SUSPENSION: _suspension,
    Job.UNSUSPENSION: _unsuspension,
    Job.REVOCATION: _revocation,
    Job.LETTER: _letter,
    Job.REPRINT: _reprint,
}
