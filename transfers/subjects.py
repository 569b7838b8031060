"""Which kinds of request does this room bring to the approval engine? The single transfer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType

from django.urls import reverse
from django.utils.translation import gettext as _, gettext_lazy

from approvals.kinds import Group, Line, Remarks, SubjectFacts
from approvals.states import Act
from identity.models import User
from identity.policies import Home
from kernel.clock import end_of_business_date
from kernel.money import Money
from ledger import queries as ledger
from ledger.errors import UnknownAccount
from ledger.gateways import LegLine, core_host
from ledger.policies import AccountFunction
from transfers import operations
from transfers.errors import PayeeUnknown
from transfers.policies import KIND, grouped_account, masked_account
from transfers.queries.orders import order_by_id, order_content, payee_warnings
from transfers.queries.payees import judge_route


class TransferKind:
    """Bring the single transfer: what is signed of it, what it holds, how it is posted (TRF-3)."""

    code = KIND
    letter = "T"
    name = gettext_lazy("Transfer")
    functions: Mapping[str, str] = MappingProxyType(
        {
            Act.SUBMIT: AccountFunction.EDIT_TRANSFER,
            Act.REVIEW: AccountFunction.REVIEW_TRANSFER,
            Act.RELEASE: AccountFunction.RELEASE_TRANSFER,
        }
    )

    def facts(self, subject_id: int) -> SubjectFacts:
        """Return what rules look at, as the order stands now."""
        order = order_by_id(subject_id)
        return SubjectFacts(
            title=order.payee_name,
            money=Money(order.amount, order.currency),
            account_id=order.from_account_id,
            importance="",
            deadline=end_of_business_date(order.value_date),
            content=order_content(order),
        )

    def content(self, subject_id: int) -> dict[str, str]:
        """Return the order as text values."""
        return order_content(order_by_id(subject_id))

    def statement(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return the facts a signature covers: all of the order but the account's row number."""
        return {name: value for name, value in content.items() if name != "from_account_id"}

    def lines(self, content: Mapping[str, str]) -> list[Line]:
        """Return the order as its signer reads it."""
        money = Money(Decimal(content["amount"]), content["currency"])
        return [
            Line(_("Payee"), content["payee_name"], emphasis=True),
            Line(_("Payee account"), grouped_account(content["payee_account"]), emphasis=True),
            Line(_("Amount"), str(money), emphasis=True),
            Line(_("Memo"), content["memo"]),
            Line(_("From account"), grouped_account(content["from_account"]), Group.SOURCE),
            Line(_("Value date"), content["value_date"], Group.TIMING),
        ]

    def remarks(
        self, *, reference: str, home: Home, user_id: int, content: Mapping[str, str],
        now: datetime,
    ) -> Remarks:  # fmt: skip
        """Return what a signer should notice about the payee, and what is available (TRF-4)."""
        found = payee_warnings(home.company_id or 0, content, reference=reference)
        texts = {
            "first_payment": _("First payment of your company to this account."),
            "name_differs": _("The payee's name is not the name of the account's owner."),
        }
        try:
            account = ledger.account_for(user_id, content["from_account"], now=now)
            available = Money(account.available, account.currency)
            note = _("Available balance: %(money)s") % {"money": available}
        except UnknownAccount:
            note = ""
        after = [
            _("With the last release the amount is posted at once to the payee's account."),
            _("The maker and the releaser are told by SMS and e-mail."),
        ]
        return Remarks([texts[name] for name in sorted(found)], note, after)

    def hold(self, *, key: str, home: Home, content: Mapping[str, str], now: datetime) -> None:
        """Reserve the day's limit, then the funds (LIM-2)."""
        money = Money(Decimal(content["amount"]), content["currency"])
        self._check_route(content, now)
        day = date.fromisoformat(content["value_date"])
        operations.reserve(company_id=home.company_id or 0, money=money, day=day, key=key)
        core_host().place_hold(
            account_id=int(content["from_account_id"]), money=money, key=key, now=now
        )

    def headroom(
        self, user_ids: Sequence[int], content: Mapping[str, str], *, now: datetime
    ) -> Mapping[int, Mapping[str, bool]]:
        """Return the functions each person holds on the account, and whether it is enough."""
        amount = Decimal(content["amount"])
        wanted = set(user_ids)
        found: dict[int, dict[str, bool]] = {}
        for right in ledger.rights_on(int(content["from_account_id"]), now=now):
            narrowed = right.counterparty and right.counterparty != content["payee_account"]
            if right.user_id in wanted and not narrowed:
                enough = right.cap is None or amount <= right.cap
                found.setdefault(right.user_id, {})[right.function] = enough
        return found

    def execute(
        self, *, reference: str, key: str, maker: User, checker: User, content: Mapping[str, str],
        now: datetime,
    ) -> None:  # fmt: skip
        """Use the limit and post the double entry, in the transaction of the release (TRF-3)."""
        money = Money(Decimal(content["amount"]), content["currency"])
        operations.consume(key=key, now=now)
        target = core_host().account(content["payee_account"])
        if target is None:
            raise PayeeUnknown()
        core_host().post(
            reference=reference,
            kind="transfer",
            value_date=date.fromisoformat(content["value_date"]),
            narrative=content["memo"] or content["payee_name"],
            legs=[
                LegLine(int(content["from_account_id"]), -money.amount, money.currency),
                LegLine(target.id, money.amount, money.currency),
            ],
            hold_key=key,
            now=now,
        )
        operations.mark_executed(reference=reference, now=now)

    def abandon(self, *, key: str, now: datetime) -> None:
        """Free the day's limit and the funds (LIM-2)."""
        operations.free(key=key, now=now)
        core_host().release_hold(key=key, now=now)

    def edit_url(self, reference: str) -> str:
        """Return the page on which a maker edits the transfer."""
        return reverse("transfers:edit", args=[reference])

    def check_url(self, reference: str) -> str:
        """Return the page on which a maker checks the transfer and submits it."""
        return reverse("transfers:check", args=[reference])

    def outcome(self, content: Mapping[str, str]) -> str:
        """Return that the amount has been posted."""
        return _("The amount has been posted to the payee's account.")

    def alert_facts(self, content: Mapping[str, str]) -> dict[str, str]:
        """Return the payee for messages, the account masked (ALR-3)."""
        return {
            "payee_name": content["payee_name"],
            "payee_account_masked": masked_account(content["payee_account"]),
        }

    def _check_route(self, content: Mapping[str, str], now: datetime) -> None:
        source = ledger.account_by_number(content["from_account"])
        target = core_host().account(content["payee_account"])
        if source is None:
            raise PayeeUnknown()
        judge_route(
            source, target, content["currency"], date.fromisoformat(content["value_date"]), now
        )
