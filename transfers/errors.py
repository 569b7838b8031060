"""What can go wrong with a transfer."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import NotFound, RuleBroken


class OrderNotFound(NotFound):
    """Say that the actor sees no such transfer."""

    def __init__(self) -> None:
        super().__init__("transfers.order.not_found", _("There is no such transfer."))


class NoRightOnAccount(RuleBroken):
    """Say that the actor may not make transfers from this account, or that there is none."""

    def __init__(self) -> None:
        super().__init__(
            "transfers.account.no_right",
            _("Choose one of the accounts you may transfer from."),
            field="from_account",
        )


class PayeeUnknown(RuleBroken):
    """Say that the payee's account cannot be paid to."""

    def __init__(self) -> None:
        super().__init__(
            "transfers.payee.unknown",
            _("There is no open account of this number at our bank."),
            field="payee_account",
        )


class PayeeCurrency(RuleBroken):
    """Say that the payee's account is kept in another currency."""

    def __init__(self, *, currency: str) -> None:
        super().__init__(
            "transfers.payee.currency",
            _("The payee's account is kept in %(currency)s; choose an account of that currency."),
            field="payee_account",
            currency=currency,
        )


class SameAccount(RuleBroken):
    """Say that money cannot go from an account to itself."""

    def __init__(self) -> None:
        super().__init__(
            "transfers.payee.same_account",
            _("The payee's account is the account the money comes from."),
            field="payee_account",
        )


class WrongDate(RuleBroken):
    """Say that the value date cannot be executed."""

    def __init__(self) -> None:
        super().__init__(
            "transfers.value_date",
            _("Choose today's date: transfers are executed on the day they are released."),
            field="value_date",
        )


class AccountBlocked(RuleBroken):
    """Say that the account the money comes from is frozen or closed."""

    def __init__(self) -> None:
        super().__init__(
            "transfers.account.blocked",
            _("This account is frozen or closed."),
            field="from_account",
        )


class LimitExceeded(RuleBroken):
    """Name the limit that binds and what is left of it (LIM-3); amounts as text with currency."""

    def __init__(self, *, limit: str, cap: str, left: str) -> None:
        messages = {
            "per_transaction": _("The limit of the company for one transfer is %(cap)s."),
            "per_day": _(
                "The daily limit of the company is %(cap)s; %(left)s of it is left today."
            ),
            "none": _("No limit is set for this currency, so nothing can be transferred."),
        }
        super().__init__(
            f"limits.{limit}", messages[limit], field="amount", limit=limit, cap=cap, left=left
        )
