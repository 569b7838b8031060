"""Apply for a certificate: proposed by a maker at the counter, made by the checker's release."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Line
from approvals.subjects import ChangeKind
from branch_ops.errors import ApplicationRefused
from branch_ops.operations import charge_step, issue_step
from branch_ops.queries.certificate import HolderFacts, holder_now
from branch_ops.queries.counter import is_card_in_stock, target_of
from branch_ops.queries.fees import application_tariff, tariff_in_force
from branch_ops.render import word
from branch_ops.subjects.scopes import Scope, read_scope, scope_lines
from certificates import gateways
from certificates.formats.profiles import KeyStorage
from certificates.operations import apply_step
from identity.models import User
from kernel.clock import business_date
from kernel.money import Money


def application_content(
    holder: HolderFacts, *, storage: str, card_serial: str, scope: Scope, now: datetime
) -> dict[str, str]:
    """Return an application as the text values that are frozen and signed."""
    return {
        "holder": holder.number,
        "holder_name": holder.name,
        "company": holder.company_code,
        "company_name": holder.company_name,
        "branch": holder.branch,
        "storage": storage,
        "card_serial": card_serial,
        **scope.as_text(),
        **_fee_now(holder, now),
    }


def _fee_now(holder: HolderFacts, now: datetime) -> dict[str, str]:
    """Return what an application would cost today, by which tariff."""
    tariff = tariff_in_force(application_tariff(holder.id), on=business_date(now))
    return {"tariff": str(tariff.code), "fee": str(Money(tariff.amount, tariff.currency))}


def holder_lines(content: Mapping[str, str]) -> list[Line]:
    """Return whom a request is about, as its signer reads it."""
    return [
        Line(_("Holder"), f"{content['holder_name']} ({content['holder']})", emphasis=True),
        Line(_("Company"), f"{content['company_name']} ({content['company']})", emphasis=True),
    ]


def holder_title(content: Mapping[str, str]) -> str:
    """Return whom a request is about in one line."""
    return f"{content['holder_name']} · {content['company_name']}"[:120]


class ApplicationKind(ChangeKind):
    """Bring the application for a certificate (CERT-1): holder, key, scope and fee."""

    code = "certificates.application"
    letter = "C"
    name = gettext_lazy("Application for a certificate")

    def title(self, content: Mapping[str, str]) -> str:
        """Return who gets a certificate."""
        return holder_title(content)

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return holder, card, usage scope and fee."""
        return [
            *holder_lines(content),
            Line(_("Key kept in"), word(content["storage"])),
            Line(_("Card number"), content["card_serial"]),
            *scope_lines(content),
            Line(_("Fee"), f"{content['fee']} ({word(content.get('tariff', ''))})"),
        ]

    def unit_of(self, content: Mapping[str, str]) -> int | None:
        """Return the branch the holder's company belongs to."""
        return holder_now(content["holder"]).branch_id

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise ApplicationRefused or ScopeRefused where nobody could apply as things stand."""
        holder = holder_now(content["holder"])
        read_scope(content).check()
        storage, card_serial = content["storage"], content["card_serial"]
        if not holder.in_force:
            raise ApplicationRefused("not_in_force")
        if holder.waiting_id:
            raise ApplicationRefused("waiting")
        if storage not in gateways.allowed_storages():
            raise ApplicationRefused("storage", field="storage")
        if (storage == KeyStorage.HARDWARE.name) != bool(card_serial):
            raise ApplicationRefused("no_card", field="card_serial")
        if card_serial and not is_card_in_stock(card_serial, holder.branch_id):
            raise ApplicationRefused("card_gone", field="card_serial")
        # What is charged is what was signed: neither the tariff nor its amount may be another.
        if any(content.get(name) != value for name, value in _fee_now(holder, now).items()):
            raise ApplicationRefused("fee_changed")

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Open the application, charge its fee and give the card out of stock."""
        holder, scope = holder_now(content["holder"]), read_scope(content)
        certificate = apply_step(
            holder_id=holder.id, storage=content["storage"], card_serial=content["card_serial"],
            functions=scope.functions, amount_cap=scope.amount_cap, scope_from=scope.scope_from,
            scope_until=scope.scope_until, actor=maker, now=now,
        )  # fmt: skip
        charge_step(
            company_id=holder.company_id, target=target_of(certificate.pk),
            tariff=content["tariff"], now=now,
        )  # fmt: skip
        if content["card_serial"]:
            issue_step(
                serial_number=content["card_serial"], unit_id=holder.branch_id,
                company_id=holder.company_id, holder_id=holder.id, reference=reference,
                actor=maker, now=now,
            )  # fmt: skip

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the application."""
        return reverse("counter:edit", args=[reference])

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return that fee and letter follow."""
        return [
            _("The fee of %(fee)s falls due. It is taken or waived before the letter is printed.")
            % {"fee": content["fee"]},
            _("Somebody of the branch who did not make this application prints the sealed letter."),
        ]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what is to be done now."""
        return _("The application is open: settle the fee, then print the letter.")
