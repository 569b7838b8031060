"""What was tried and refused, in the reader's language: the log names it by its permission."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

TRIED: Mapping[str, Promise] = {
    "approvals.request.delete": _("To delete a draft"),
    "approvals.request.edit": _("To edit a request"),
    "approvals.request.reject": _("To reject a request"),
    "approvals.request.release": _("To release a request"),
    "approvals.request.return": _("To return a request for repair"),
    "approvals.request.review": _("To review a request"),
    "approvals.request.submit": _("To submit a request"),
    "approvals.request.withdraw": _("To withdraw a request"),
    "branches.credentials.propose": _("To propose new credentials"),
    "branches.unlock.propose": _("To propose the lifting of a pause"),
    "certificates.application.propose": _("To apply for a certificate"),
    "certificates.certificate.activate": _("To lift one's own suspension"),
    "certificates.certificate.confirm": _("To confirm a certificate"),
    "certificates.certificate.enrol": _("To take a card into use"),
    "certificates.certificate.prepare_renewal": _("To prepare a renewal"),
    "certificates.certificate.renew": _("To renew a certificate"),
    "certificates.certificate.report_lost": _("To report one's own card lost"),
    "certificates.certificate.revoke": _("To revoke a certificate"),
    "certificates.certificate.suspend": _("To suspend a certificate"),
    "certificates.certificate.unlock": _("To sign by PIN"),
    "certificates.external.propose": _("To bind an outside certificate"),
    "certificates.letter.print": _("To print a letter"),
    "certificates.reprint.propose": _("To ask for a letter's reprint"),
    "certificates.revocation.propose": _("To propose a revocation"),
    "certificates.scope.propose": _("To propose a usage scope"),
    "certificates.unsuspension.propose": _("To propose the lifting of a suspension"),
    "certificates.withdrawal.propose": _("To propose an application's withdrawal"),
    "customers.credentials.propose": _("To propose new credentials"),
    "customers.unlock.propose": _("To propose the lifting of a pause"),
    "equipment.item.fulfil": _("To answer a requisition"),
    "equipment.item.issue": _("To give equipment out"),
    "equipment.item.receive": _("To take a delivery in"),
    "equipment.item.requisition": _("To ask for equipment"),
    "equipment.item.return": _("To take equipment back"),
    "equipment.write_off.propose": _("To propose a write-off"),
    "fees.item.collect": _("To take a fee"),
    "fees.refund.propose": _("To propose a refund"),
    "fees.waiver.propose": _("To propose a waiver"),
    "people.credentials.propose": _("To propose new credentials"),
    "people.unlock.propose": _("To propose the lifting of a pause"),
    "staff.credentials.propose": _("To propose new credentials"),
    "staff.unlock.propose": _("To propose the lifting of a pause"),
}
