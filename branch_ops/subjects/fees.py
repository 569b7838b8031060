"""What two people decide about a fee: to let it go, or to give it back (FEE-1, DUAL-6)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Line
from approvals.subjects import ChangeKind
from branch_ops.errors import FeeNotFit
from branch_ops.operations import refund_step, waive_step
from branch_ops.queries.fee_pages import FeeDetail, fee_now
from branch_ops.render import word
from branch_ops.states import FEE_VERBS, FeeState
from identity.models import User
from kernel.machines import sources


def fee_content(fee: FeeDetail, *, to: FeeState, reason: str) -> dict[str, str]:
    """Return what is proposed about a fee as the text values that are frozen and signed."""
    return {
        "fee": str(fee.row.id),
        "company": fee.row.company_code,
        "company_name": fee.row.company_name,
        "tariff": fee.tariff,
        "amount": str(fee.row.money),
        "holder_name": fee.row.holder_name,
        "was_state": fee.state,
        "state": to.value,
        "reason": reason,
    }


class FeeChange(ChangeKind):
    """Share what both decisions about a fee bring."""

    letter = "F"
    verb: ClassVar[str]

    def title(self, content: Mapping[str, str]) -> str:
        """Return whose fee it is, and how much."""
        return f"{content['company_name']} · {content['amount']}"[:120]

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return whose fee, for what, how much, and what becomes of it."""
        before, after = word(content["was_state"]), word(content["state"])
        return [
            Line(_("Company"), f"{content['company_name']} ({content['company']})", emphasis=True),
            Line(_("Fee"), word(content["tariff"])),
            Line(_("Holder"), content["holder_name"]),
            Line(_("Amount"), content["amount"], emphasis=True),
            Line(_("State"), after, before=before),
            Line(_("Reason"), content["reason"]),
        ]

    def unit_of(self, content: Mapping[str, str]) -> int | None:
        """Return the branch of the company that owes the fee."""
        return fee_now(int(content["fee"])).branch_id

    def check(self, content: Mapping[str, str], *, now: datetime) -> None:
        """Raise FeeNotFit where the fee is not in the state this starts from."""
        if fee_now(int(content["fee"])).state not in sources(FEE_VERBS, self.verb):
            raise FeeNotFit

    @abstractmethod
    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Do to the fee what was released."""

    def edit_url(self, reference: str) -> str:
        """Return the page on which the maker edits the reason."""
        return reverse("fees:edit", args=[reference])


class WaiverKind(FeeChange):
    """Bring the waiver of a fee that is due."""

    code = "fees.waiver"
    name = gettext_lazy("Waiver of a fee")
    verb = "waive"

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Let the fee go."""
        waive_step(
            item_id=int(content["fee"]), reference=reference, reason=content["reason"],
            actor=checker, now=now,
        )  # fmt: skip

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return that nothing is in the way of the letter any more."""
        return [_("The fee no longer keeps the letter from being printed. It is never taken.")]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what has happened."""
        return _("The fee is waived.")


class RefundKind(FeeChange):
    """Bring the refund of a fee that was paid."""

    code = "fees.refund"
    name = gettext_lazy("Refund of a fee")
    verb = "refund"

    def apply(
        self, content: Mapping[str, str], *, reference: str, maker: User, checker: User,
        now: datetime,
    ) -> None:  # fmt: skip
        """Give the fee back the way it came."""
        refund_step(
            item_id=int(content["fee"]), reference=reference, reason=content["reason"],
            actor=checker, now=now,
        )  # fmt: skip

    def after(self, content: Mapping[str, str]) -> list[str]:
        """Return where the money goes."""
        return [_("The money goes back the way it came: to the account, or in cash.")]

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return what has happened."""
        return _("The fee is refunded.")
