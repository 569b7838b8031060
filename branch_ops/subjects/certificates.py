"""What is proposed on a certificate there is: scope, withdrawal, lifting, revocation, reprint."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Line
from approvals.queries.impact import impact_of
from approvals.subjects import ChangeKind
from branch_ops.errors import JobRefused
from branch_ops.operations import charge_step, waive_step
from branch_ops.queries.certificate import CertificateDetail, certificate_now
from branch_ops.queries.counter import target_of
from branch_ops.queries.fees import due_fees
from branch_ops.queries.jobs import Job, state_refusal
from branch_ops.states import Tariff
from branch_ops.subjects.applications import holder_lines, holder_title
from branch_ops.subjects.scopes import Scope, read_scope, scope_lines
from certificates import operations as certificates
from certificates.formats.profiles import RevocationReason
from identity.models import User

# What the list tells the world; a hold is none, and neither is what the bank alone knows.
REVOCATION_CAUSES: Mapping[str, Promise] = {
    RevocationReason.KEY_COMPROMISE.name: gettext_lazy("Key or PIN known to others, card stolen"),
    RevocationReason.AFFILIATION_CHANGED.name: gettext_lazy("The holder left or changed duties"),
    RevocationReason.SUPERSEDED.name: gettext_lazy("Replaced by another certificate"),
    RevocationReason.CESSATION_OF_OPERATION.name: gettext_lazy("The company no longer uses it"),
    RevocationReason.PRIVILEGE_WITHDRAWN.name: gettext_lazy("The bank withdraws the right"),
}
REPRINT_CAUSES: Mapping[str, Promise] = {
    "PRINTER": gettext_lazy("The printer failed or the sheet was spoilt"),
    "SEAL": gettext_lazy("The letter reached the holder opened"),
    "LOST": gettext_lazy("The letter was lost"),
    "EXPIRED": gettext_lazy("The letter ran out or was locked"),
}
# What goes wrong on the bank's side costs the customer nothing.
FREE_REPRINTS = ("PRINTER", "SEAL")


def certificate_content(certificate: CertificateDetail, *, reason: str) -> dict[str, str]:
    """Return what every request on a certificate says of it, as text values."""
    return {
        "certificate": str(certificate.id),
        "serial_number": certificate.serial_number,
        "holder": certificate.holder.number,
        "holder_name": certificate.holder.name,
        "company": certificate.holder.company_code,
        "company_name": certificate.holder.company_name,
        "reason": reason,
    }


def scope_of(certificate: CertificateDetail) -> Scope:
    """Return what a certificate may be used for now."""
    cap = certificate.amount_cap
    return Scope(
        functions=certificate.functions,
        amount_cap=cap.amount if cap is not None else None,
        scope_from=certificate.scope_from,
        scope_until=certificate.scope_until,
    )


class CertificateChange(ChangeKind):
    """Share what every request on one certificate brings."""

    letter = "C"
    job: ClassVar[Job]

    def title(self, content: Mapping[str, str]) -> str:
        """Return whose certificate it is."""
        return holder_title(content)

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return holder, certificate, what changes and why."""
        serial = content["serial_number"] or _("not issued yet")
        return [
            *holder_lines(content),
            Line(_("Certificate"), serial),
            *self.own_lines(content),
            Line(_("Reason"), content["reason"]),
        ]

    def own_lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return what only this kind says."""
        return []

    def unit_of(self, content: Mapping[str, str]) -> int | None:
        """Return the branch the holder's company belongs to."""
        return certificate_now(int(content["certificate"])).holder.branch_id

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise JobRefused where the certificate's state does not allow it."""
        why_not = state_refusal(self.job, certificate_now(int(content["certificate"])))
        if why_not:
            raise JobRefused(why_not)

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Do it by the steps of the certificates' own room."""
        self.act(content, certificate_id=int(content["certificate"]), maker=maker, now=now)

    @abstractmethod
    def act(
        self, content: Mapping[str, str], *, certificate_id: int, maker: User, now: datetime
    ) -> None:
        """Do to the certificate what was released."""

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the request."""
        return reverse("counter:edit", args=[reference])


class WithdrawalKind(CertificateChange):
    """Bring the withdrawal of an application."""

    code = "certificates.withdrawal"
    name = gettext_lazy("Withdrawal of an application")
    job = Job.WITHDRAWAL

    def act(
        self, content: Mapping[str, str], *, certificate_id: int, maker: User, now: datetime
    ) -> None:
        """End the application; its letter dies."""
        certificates.withdraw_step(
            certificate_id=certificate_id, actor=maker, now=now, reason=content["reason"]
        )

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """End the application and let go what is still due for it (FEE-1)."""
        super().apply(content, reference=reference, maker=maker, checker=checker, now=now)
        for fee in due_fees(target_of(int(content["certificate"]))):
            waive_step(
                item_id=fee.id, reference=reference, reason=content["reason"], actor=checker,
                now=now,
            )  # fmt: skip

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return what becomes of the letter, of what is due and of the card."""
        waived = [
            _("The fee of %(fee)s that is due is waived by the same release.") % {"fee": fee.amount}
            for fee in due_fees(target_of(int(content["certificate"])))
        ]
        return [
            _("The letter can no longer be used."),
            *waived,
            _("A card that was assigned is taken back at the equipment counter."),
        ]


class ScopeKind(CertificateChange):
    """Bring a change of what a certificate may be used for (CERT-6)."""

    code = "certificates.scope"
    name = gettext_lazy("Usage scope of a certificate")
    job = Job.SCOPE

    def own_lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return the new scope beside the old one."""
        return scope_lines(content)

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise ScopeRefused or JobRefused where it cannot be set, or what it replaces changed."""
        read_scope(content).check()
        super().check(content, now=now)
        held = scope_of(certificate_now(int(content["certificate"]))).as_text("was_")
        if any(content[name] != value for name, value in held.items()):
            raise JobRefused(_("The usage scope has changed since. Edit the request again."))

    def act(
        self, content: Mapping[str, str], *, certificate_id: int, maker: User, now: datetime
    ) -> None:
        """Set the scope, felt at the next signature."""
        scope = read_scope(content)
        certificates.set_scope_step(
            certificate_id=certificate_id, functions=scope.functions,
            amount_cap=scope.amount_cap, scope_from=scope.scope_from,
            scope_until=scope.scope_until, actor=maker, now=now,
        )  # fmt: skip

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return from when it counts."""
        return [_("It counts from the next signature on.")]


class UnsuspensionKind(CertificateChange):
    """Bring the lifting of a suspension (CERT-4)."""

    code = "certificates.unsuspension"
    name = gettext_lazy("Lifting of a suspension")
    job = Job.UNSUSPENSION

    def act(
        self, content: Mapping[str, str], *, certificate_id: int, maker: User, now: datetime
    ) -> None:
        """Prepare the letter with which the holder lifts it."""
        certificates.release_unsuspension_step(certificate_id=certificate_id, actor=maker, now=now)

    def warnings(self, content: Mapping[str, str], *, now: datetime) -> list[str]:
        """Return that the next suspension would be for ever, where it would be."""
        if certificate_now(int(content["certificate"])).is_last_suspension:
            return [_("Suspended twice already: the next suspension revokes it for ever.")]
        return []

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return what the holder still has to do."""
        return [
            _("A new sealed letter is printed. Until the holder uses it the suspension stays."),
        ]


class RevocationKind(CertificateChange):
    """Bring the revocation of a certificate by the branch (CERT-5)."""

    code = "certificates.revocation"
    name = gettext_lazy("Revocation of a certificate")
    job = Job.REVOCATION

    def own_lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return what the revocation list will tell."""
        cause = str(REVOCATION_CAUSES.get(content["cause"], content["cause"]))
        return [Line(_("Cause"), cause, emphasis=True)]

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise JobRefused where it has ended already or the cause is none."""
        if content["cause"] not in REVOCATION_CAUSES:
            raise JobRefused(_("Choose a cause."), field="cause")
        super().check(content, now=now)

    def act(
        self, content: Mapping[str, str], *, certificate_id: int, maker: User, now: datetime
    ) -> None:
        """Revoke for ever, told to the world in the same transaction."""
        certificates.revoke_step(
            certificate=certificates.lock_certificate(certificate_id=certificate_id),
            reason=RevocationReason[content["cause"]], actor=maker, now=now,
            why=content["reason"],
        )  # fmt: skip

    def warnings(self, content: Mapping[str, str], *, now: datetime) -> list[str]:
        """Return that it is for ever, and which requests would stop (CERT-9)."""
        holder_id = certificate_now(int(content["certificate"])).holder.id
        stopped = [one.reference for one in impact_of(holder_id, now=now) if one.stops]
        texts = [_("This is for ever. A new application would be needed.")]
        if stopped:
            texts.append(
                _("These pending requests could no longer be released: %(references)s.")
                % {"references": ", ".join(stopped)}
            )
        return texts


class ReprintKind(CertificateChange):
    """Bring the reprint of a letter: a new secret, the old one dead (CERT-7)."""

    code = "certificates.reprint"
    name = gettext_lazy("Reprint of a letter")
    job = Job.REPRINT

    def own_lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return why the letter cannot be used."""
        return [Line(_("Cause"), str(REPRINT_CAUSES.get(content["cause"], content["cause"])))]

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise JobRefused where there is nothing to reprint or the cause is none."""
        if content["cause"] not in REPRINT_CAUSES:
            raise JobRefused(_("Choose a cause."), field="cause")
        super().check(content, now=now)

    def act(
        self, content: Mapping[str, str], *, certificate_id: int, maker: User, now: datetime
    ) -> None:
        """Let the old letter die, prepare another and charge for it unless the bank is to blame."""
        certificates.reprint_step(certificate_id=certificate_id, actor=maker, now=now)
        if content["cause"] not in FREE_REPRINTS:
            company_id = certificate_now(certificate_id).holder.company_id
            target = target_of(certificate_id)
            charge_step(company_id=company_id, target=target, tariff=Tariff.REPRINT, now=now)

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return that the old secret dies, and what it costs."""
        texts = [
            _("The old letter dies at once. Somebody who did not ask for it prints the new one.")
        ]
        if content["cause"] not in FREE_REPRINTS:
            texts.append(
                _("The fee for a reprint falls due and is settled before the letter is printed.")
            )
        return texts
