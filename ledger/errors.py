"""What can go wrong with accounts, holds and postings."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import Conflict, NotFound, RuleBroken


class UnknownAccount(NotFound):
    """Say that there is no such account, or none that the reader may see."""

    def __init__(self) -> None:
        super().__init__("ledger.unknown_account", _("There is no such account."))


class AccountNotOpen(RuleBroken):
    """Say that an account is frozen or closed, so that no money moves on it."""

    def __init__(self, *, number: str, state: str) -> None:
        super().__init__(
            "ledger.account_not_open",
            _("Account %(number)s is frozen or closed."),
            number=number,
            state=state,
        )


class CurrencyMismatch(RuleBroken):
    """Say that an account is kept in another currency than the amount."""

    def __init__(self, *, number: str, currency: str) -> None:
        super().__init__(
            "ledger.currency_mismatch",
            _("Account %(number)s is kept in %(currency)s."),
            number=number,
            currency=currency,
        )


class InsufficientFunds(RuleBroken):
    """Say that too little is available on an account; `available` is text such as TWD 1,234."""

    def __init__(self, *, number: str, available: str) -> None:
        super().__init__(
            "ledger.insufficient_funds",
            _("The available balance of account %(number)s is %(available)s."),
            field="amount",
            number=number,
            available=available,
        )


class AmountNotPositive(RuleBroken):
    """Say that an amount to hold or to deposit is not above zero."""

    def __init__(self) -> None:
        super().__init__(
            "ledger.amount_not_positive", _("Enter an amount above zero."), field="amount"
        )


class Unbalanced(RuleBroken):
    """Say that the legs of a posting do not make a double entry."""

    def __init__(self) -> None:
        super().__init__("ledger.unbalanced", _("The entries of the posting do not balance."))


class AlreadyPosted(Conflict):
    """Say that this reference was posted before, or this posting was reversed before."""

    def __init__(self, *, reference: str) -> None:
        super().__init__(
            "ledger.already_posted", _("%(reference)s is already posted."), reference=reference
        )


class UnknownPosting(NotFound):
    """Say that nothing was posted under this reference."""

    def __init__(self) -> None:
        super().__init__("ledger.unknown_posting", _("There is no such posting."))


class AlreadyHeld(Conflict):
    """Say that a hold with this key was placed before."""

    def __init__(self, *, key: str) -> None:
        super().__init__("ledger.already_held", _("The funds are already held."), key=key)


class HoldEnded(Conflict):
    """Say that a hold is not open: never placed, consumed or released."""

    def __init__(self, *, key: str) -> None:
        super().__init__("ledger.hold_ended", _("The funds are no longer held."), key=key)


class NumberTaken(Conflict):
    """Say that an account with this number exists."""

    def __init__(self, *, number: str) -> None:
        super().__init__(
            "ledger.number_taken",
            _("Account number %(number)s is already in use."),
            field="number",
            number=number,
        )


class AccountInUse(RuleBroken):
    """Say that an account still carries money or holds, so that it cannot be closed."""

    def __init__(self, *, number: str) -> None:
        super().__init__(
            "ledger.account_in_use",
            _("Account %(number)s still has a balance or held funds."),
            number=number,
        )


class WrongAccountState(Conflict):
    """Say that the account's state does not allow this act."""

    def __init__(self, *, number: str, state: str) -> None:
        super().__init__(
            "ledger.wrong_account_state",
            _("The state of account %(number)s does not allow this."),
            number=number,
            state=state,
        )
