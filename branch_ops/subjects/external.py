"""Binding a certificate of an outside authority to a person, under dual control (CERT-11)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Line
from approvals.subjects import ChangeKind
from branch_ops.queries.external import HolderChoice, holder_by_number
from branch_ops.render.external import day_text, period_text, storage_word
from certificates import operations as certificates
from certificates.errors.external import ExternalReason, ExternalRefused, HolderNotFit
from certificates.formats.external import read_upload
from certificates.queries import signing_certificate
from certificates.queries.external import Finding
from identity.models import User

CERTIFICATE = "certificate"


def subject_key(holder_number: str) -> str:
    """Return what is locked by a proposal: a person has one certificate on its way at a time."""
    return f"application:{holder_number}"


def content_of_binding(
    finding: Finding, holder: HolderChoice, *, reason: str, now: datetime
) -> dict[str, str]:
    """Return what a proposal says: the certificate itself, what was read of it, and for whom."""
    said = finding.examination.certificate
    storage = finding.examination.storage
    present = signing_certificate(holder.id)
    return {
        CERTIFICATE: base64.b64encode(said.der).decode(),
        "sha256": said.sha256,
        "subject": said.subject,
        "common_name": said.common_name,
        "authority": finding.authority,
        "issuer": said.issuer,
        "serial_number": said.serial_number,
        "was_serial_number": present.serial_number if present is not None else "",
        "not_before": day_text(said.not_before),
        "not_after": day_text(said.not_after),
        "policies": ", ".join(said.policies),
        "storage": storage.name if storage is not None else "",
        "holder": holder.number,
        "holder_name": holder.name,
        "company": holder.company_code,
        "company_name": holder.company_name,
        "reason": reason,
    }


def certificate_in(content: Mapping[str, str]) -> bytes:
    """Return the DER of the certificate a proposal is about. Raises ExternalRefused."""
    try:
        return read_upload(base64.b64decode(content[CERTIFICATE], validate=True))
    except (KeyError, binascii.Error, ValueError) as error:
        raise ExternalRefused(ExternalReason.MALFORMED) from error


class ExternalKind(ChangeKind):
    """Bring the binding of an outside certificate to its holder."""

    code = "certificates.external"
    letter = "X"
    name = gettext_lazy("Outside certificate")

    def title(self, content: Mapping[str, str]) -> str:
        """Return whose certificate it would be."""
        return _("Outside certificate for %(name)s, %(company)s") % {
            "name": content["holder_name"][:40], "company": content["company_name"][:40],
        }  # fmt: skip

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return holder, certificate and authority as the checker signs them."""
        return [
            Line(_("Holder"), f"{content['holder_name']} ({content['holder']})", emphasis=True),
            Line(_("Company"), f"{content['company_name']} ({content['company']})"),
            Line(_("Name in the certificate"), content["subject"], emphasis=True),
            Line(_("Outside authority"), f"{content['authority']}\n{content['issuer']}"),
            Line(
                _("Serial number"),
                content["serial_number"],
                before=content["was_serial_number"] or None,
            ),
            Line(_("Valid"), period_text(content["not_before"], content["not_after"])),
            Line(_("Certificate policy"), content["policies"]),
            Line(_("Key kept in"), storage_word(content["storage"])),
            Line(_("Fingerprint (SHA-256)"), content["sha256"]),
            Line(_("Reason"), content["reason"]),
        ]

    def statement(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return what a signature covers: the certificate by its fingerprint, all else in full."""
        return {name: value for name, value in content.items() if name != CERTIFICATE}

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise the reason where the certificate is not fit now, or the holder is not free."""
        certificates.check_bindable(
            holder=_holder(content["holder"]), der=certificate_in(content), now=now
        )

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Bind the certificate; its holder then confirms it."""
        certificates.bind_step(
            holder_id=_holder(content["holder"]).pk, der=certificate_in(content), actor=checker,
            now=now, reason=reference,
        )  # fmt: skip

    def warnings(self, content: Mapping[str, str], *, now: datetime) -> list[str]:
        """Return what does not fit together by the look of it."""
        if content["holder_name"] in content["common_name"]:
            return []
        return [_("The holder's name is not in the certificate. Compare the papers.")]

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return what follows the release."""
        lines = [_("The holder confirms the certificate by signing with its key.")]
        if content["was_serial_number"]:
            lines.append(_("With that the certificate in force now is revoked for ever."))
        return lines

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what the release has done."""
        return _("The certificate is bound. It can be used when its holder has confirmed it.")

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the proposal."""
        return reverse("external:edit", args=[reference])


def _holder(number: str) -> User:
    found = holder_by_number(number)
    if found is None:
        raise HolderNotFit
    return found
