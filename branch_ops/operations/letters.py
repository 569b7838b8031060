"""Print a sealed password letter, once (CERT-1, CERT-7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction

from branch_ops.errors import LetterHeldBack, LetterNotYours
from branch_ops.formats.letters import LetterSheet, letter_pdf
from branch_ops.operations.equipment import consume_stationery_step
from branch_ops.queries.certificate import CertificateDetail, certificate_detail, proposed_by
from branch_ops.queries.fees import settled
from certificates import operations as certificates
from certificates.errors import LetterNotPrintable
from certificates.operations import PrintedLetter
from certificates.permissions import Permission
from certificates.states import LetterState
from identity.models import User
from identity.permissions import check
from kernel.clock import business_date


@dataclass(frozen=True, slots=True)
class PrintedSheet:
    """Carry a letter as PDF to its one reader, and on which form it is printed. Never stored."""

    pdf: bytes
    form_number: str

    def __repr__(self) -> str:
        return f"PrintedSheet({self.form_number})"


@transaction.atomic(durable=True)
def print_letter(*, certificate_id: int, actor: User, now: datetime) -> PrintedSheet:
    """Print the letter that waits on a certificate; its secret is made now and leaves once.

    Whoever asked for the letter does not print it, the fee must be settled, a form of the branch's
    stationery is used. When anything fails nothing has happened; once it is printed it is never
    printed again. Raises CertificateUnknown, PermissionMissing, LetterNotPrintable,
    LetterNotYours, LetterHeldBack, OutOfStock.
    """
    check(actor, Permission.PRINT_LETTER)
    # First of all locks: nobody reprints, withdraws or charges while the letter is being printed.
    certificate_detail(actor, certificate_id)
    certificates.lock_certificate(certificate_id=certificate_id)
    certificate = certificate_detail(actor, certificate_id)
    waiting = certificate.open_letter
    if waiting is None or waiting.state != LetterState.PREPARED:
        raise LetterNotPrintable
    if proposed_by(actor, certificate):
        raise LetterNotYours
    if not settled(certificate.target):
        raise LetterHeldBack
    # The customer's chain of the audit log is locked before the unit's, as everywhere.
    letter = certificates.print_letter_step(certificate_id=certificate_id, actor=actor, now=now)
    form_number = consume_stationery_step(
        unit_id=actor.unit_id or 0, reference=certificate.target, actor=actor, now=now
    )
    pdf = letter_pdf(_sheet(certificate, waiting.purpose, letter, now))
    return PrintedSheet(pdf, form_number)


def _sheet(
    certificate: CertificateDetail, purpose: str, letter: PrintedLetter, now: datetime
) -> LetterSheet:
    holder = certificate.holder
    return LetterSheet(
        purpose=purpose,
        number=letter.number,
        secret=letter.secret,
        holder=holder.name,
        holder_number=holder.number,
        company=holder.company_name,
        company_code=holder.company_code,
        branch=holder.branch,
        bank=settings.BANK_NAME,
        phone=settings.BANK_SERVICE_PHONE,
        printed_on=business_date(now),
        valid_until=business_date(letter.expires_at),
    )
