"""What can go wrong at the staff site: at its door, with fees, with equipment."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Conflict, NotAllowed, NotFound, RuleBroken

READ_ONLY = _("This window only shows. Changes are made as requests that a second person releases.")


class WindowReadOnly(NotAllowed):
    """Say that the window shows and never changes (DUAL-6)."""

    def __init__(self) -> None:
        super().__init__(
            "branch_ops.window_read_only",
            READ_ONLY,
        )


class SignInRefused(RuleBroken):
    """Say the one thing that is said of every sign-in that failed (AUTH-1)."""

    def __init__(self) -> None:
        super().__init__(
            "branch_ops.sign_in.refused", _("The login name or the password is not right.")
        )


class SignInPaused(RuleBroken):
    """Say, after a right password only, that sign-in is paused (AUTH-1, AUTH-2)."""

    def __init__(self) -> None:
        super().__init__(
            "branch_ops.sign_in.paused",
            _("Your sign-in is paused. The unit above yours can lift the pause."),
        )


class FeeUnknown(NotFound):
    """Say that there is no such fee, or none of a customer of the reader's branch."""

    def __init__(self) -> None:
        super().__init__("fees.unknown", _("There is no such fee."))


class FeeStateChanged(Conflict):
    """Say that the fee is no longer in a state that allows this act."""

    def __init__(self, state: str) -> None:
        super().__init__(
            "fees.state_changed",
            _("This fee was dealt with in the meantime. Look at its state now."),
            state=state,
        )


class FeeAccountMissing(RuleBroken):
    """Say that a company has designated no account for fees."""

    def __init__(self) -> None:
        super().__init__(
            "fees.no_account",
            _("This company has designated no fee account. Take the fee at the counter."),
            field="from_",
        )


class ReceiptMissing(RuleBroken):
    """Say that money was taken at the counter without a receipt number."""

    def __init__(self) -> None:
        super().__init__(
            "fees.no_receipt", _("Enter the number of the receipt."), field="receipt_number"
        )


class TariffMissing(RuleBroken):
    """Say that no tariff is in effect for a service."""

    def __init__(self, code: str) -> None:
        super().__init__("fees.no_tariff", _("No tariff is in effect for this fee."), tariff=code)


class AccountNotTheirs(RuleBroken):
    """Say that a fee account belongs to another company."""

    def __init__(self) -> None:
        super().__init__("fees.account_not_theirs", _("This account belongs to another company."))


class ItemUnknown(NotFound):
    """Say that there is no such item, or none that the reader's unit answers for."""

    def __init__(self) -> None:
        super().__init__("equipment.unknown", _("There is no such item in your unit."))


class ItemElsewhere(Conflict):
    """Say that an item is not where it would have to be for this act."""

    def __init__(self, serial_number: str) -> None:
        super().__init__(
            "equipment.elsewhere",
            _("%(serial_number)s is not in this unit's stock any more."),
            field="serial_number",
            serial_number=serial_number,
        )


class ItemNotGivenOut(Conflict):
    """Say that an item cannot come back, because nobody has it."""

    def __init__(self, serial_number: str) -> None:
        super().__init__(
            "equipment.not_given_out",
            _("%(serial_number)s has not been given out, or it is back already."),
            field="serial_number",
            serial_number=serial_number,
        )


class SerialNumberTaken(Conflict):
    """Say that items of a delivery are on the books already."""

    def __init__(self, serial_number: str) -> None:
        super().__init__(
            "equipment.serial_taken",
            _("%(serial_number)s is on the books already."),
            field="first",
            serial_number=serial_number,
        )


class SerialRangeWrong(RuleBroken):
    """Say that two serial numbers do not make a range."""

    def __init__(self, most: int) -> None:
        super().__init__(
            "equipment.range",
            _(
                "Enter the first and last serial number of the delivery: the same letters, as "
                "many digits, and at most %(most)d items."
            ),
            field="last",
            most=most,
        )


class OutOfStock(RuleBroken):
    """Say that a unit has too few items of a kind."""

    def __init__(self, available: int) -> None:
        super().__init__(
            "equipment.out_of_stock",
            _("There are only %(available)d in stock. Ask head office for more."),
            field="quantity",
            available=available,
        )


class NoSupplier(RuleBroken):
    """Say that a unit has no unit above it to ask."""

    def __init__(self) -> None:
        super().__init__(
            "equipment.no_supplier", _("Your unit has no unit above it to ask for equipment.")
        )


class RequisitionUnknown(NotFound):
    """Say that there is no such requisition, or none of the reader's unit."""

    def __init__(self) -> None:
        super().__init__("equipment.requisition_unknown", _("There is no such requisition."))


class RequisitionEnded(Conflict):
    """Say that a requisition is no longer open."""

    def __init__(self) -> None:
        super().__init__(
            "equipment.requisition_ended", _("This requisition was dealt with in the meantime.")
        )


class NotForTheCounter(RuleBroken):
    """Say that items of a kind leave the stock by another way than the equipment counter."""

    def __init__(self) -> None:
        super().__init__(
            "equipment.not_for_the_counter",
            _(
                "Only card readers are given out here. A card goes with its application, a letter "
                "form with its letter."
            ),
            field="serial_number",
        )


class CompanyUnknown(RuleBroken):
    """Say that a company is not one of the reader's branch."""

    def __init__(self) -> None:
        super().__init__(
            "equipment.company_unknown",
            _("Your branch has no company with this code."),
            field="company_code",
        )


class FeeNotFit(RuleBroken):
    """Say that a fee is not in the state a proposed change starts from."""

    def __init__(self) -> None:
        super().__init__(
            "fees.not_fit",
            _("Only a fee that is due can be waived, and only one that was paid can be refunded."),
        )


class ItemNotFit(RuleBroken):
    """Say that an item cannot be written off: it is already, or a certificate is on the card."""

    def __init__(self, *, in_use: bool) -> None:
        super().__init__(
            "equipment.not_fit",
            _("A certificate that has not ended is on this card. Revoke it first.")
            if in_use
            else _("This item is written off already, or another unit answers for it now."),
        )


class HolderElsewhere(NotFound):
    """Say that there is no such person at a customer of the reader's branch."""

    def __init__(self) -> None:
        super().__init__("counter.holder_unknown", _("There is no such person at your customers."))


class ApplicationRefused(RuleBroken):
    """Refuse an application for a certificate for a named reason (CERT-1)."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        messages: dict[str, str | Promise] = {
            "not_in_force": _("The person or the company is not in force."),
            "waiting": _("An application of this person is under way already."),
            "storage": _("The bank does not accept keys kept there."),
            "no_card": _("A card needs its number; a key in the browser has none."),
            "card_gone": _("This card is not in the branch's stock."),
            "fee_changed": _("The fee has changed since: edit the application again."),
        }
        super().__init__(f"counter.application.{reason}", messages[reason], field=field)


class JobRefused(RuleBroken):
    """Say in one sentence why something cannot be done to a certificate as it stands."""

    def __init__(self, why: str | Promise, *, field: str = "") -> None:
        super().__init__("counter.job_refused", why, field=field)


class LetterHeldBack(RuleBroken):
    """Say that a letter is not printed yet, because its fee is due (CERT-1, CERT-5)."""

    def __init__(self) -> None:
        super().__init__(
            "counter.letter.fee", _("The fee is not settled: take it or have it waived first.")
        )


class LetterNotYours(NotAllowed):
    """Refuse to print a letter to whoever asked for it (CERT-1)."""

    def __init__(self) -> None:
        super().__init__(
            "counter.letter.proposer",
            _("You asked for this letter: somebody else of the branch prints it."),
        )
