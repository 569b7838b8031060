"""What is typed at the counter about fees and equipment."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from branch_ops.policies import read_serial_number
from branch_ops.render import word
from branch_ops.render.stock import movement_word, place_word, requisition_state
from branch_ops.states import (
    EquipmentKind,
    FeeState,
    MovementKind,
    PaidFrom,
    Place,
    RequisitionState,
)
from certificates.errors import StatementRefused
from certificates.formats.texts import check_text
from kernel.money import Money
from ledger.gateways import AccountFacts
from transfers.policies import grouped_account

_SERIAL: Any = {
    "autocomplete": "off",
    "data-draft-kept": True,
    "autocapitalize": "characters",
    "spellcheck": "false",
}


class KeyForm(forms.Form):
    """Carry the random text that makes a form act once (TRF-8)."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ReasonForm(KeyForm):
    """Ask why; what could not be signed is refused at once."""

    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )

    def clean_reason(self) -> str:
        """Refuse a reason that could read otherwise than it is."""
        try:
            return check_text(" ".join(self.cleaned_data["reason"].split()))
        except StatementRefused as error:
            raise forms.ValidationError(str(error)) from None


class FeeFilterForm(forms.Form):
    """Narrow the list of fees; everything stands in the address."""

    text = forms.CharField(label=_("Company or receipt number"), max_length=80, required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    after = forms.CharField(max_length=18, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        states = [(state.value, word(state)) for state in FeeState]
        _choose(self, "state", gettext("Any state"), states)


class CollectForm(KeyForm):
    """Ask where the money of a fee comes from; the counter gives a receipt."""

    from_ = forms.ChoiceField(label=_("Paid from"))
    receipt_number = forms.CharField(
        label=_("Receipt number"),
        help_text=_("Only for cash at the counter: the number on the receipt you hand out."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-draft-kept": True}),
    )

    def __init__(self, *args: object, account: AccountFacts | None, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        ways = [(PaidFrom.COUNTER.value, gettext("Cash at the counter"))]
        if account is not None:
            told = gettext("Fee account %(number)s, available %(available)s") % {
                "number": grouped_account(account.number),
                "available": Money(account.available, account.currency),
            }
            ways.insert(0, (PaidFrom.ACCOUNT.value, told))
        _choose(self, "from_", gettext("Choose how it is paid"), ways)

    def clean_receipt_number(self) -> str:
        """Read a receipt number without the spaces around it."""
        return str(self.cleaned_data["receipt_number"]).strip()


class ItemFilterForm(forms.Form):
    """Narrow the list of items; everything stands in the address."""

    text = forms.CharField(label=_("Serial number begins with"), max_length=40, required=False)
    kind = forms.ChoiceField(label=_("Item"), required=False)
    place = forms.ChoiceField(label=_("Place"), required=False)
    after = forms.CharField(max_length=18, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        _choose(self, "kind", gettext("Any item"), _kinds())
        places = [(place.value, place_word(place)) for place in Place]
        _choose(self, "place", gettext("Anywhere"), places)


class MovementFilterForm(forms.Form):
    """Narrow the list of movements; everything stands in the address."""

    kind = forms.ChoiceField(label=_("Movement"), required=False)
    item_kind = forms.ChoiceField(label=_("Item"), required=False)
    after = forms.CharField(max_length=18, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        movements = [(kind.value, movement_word(kind)) for kind in MovementKind]
        _choose(self, "kind", gettext("Any movement"), movements)
        _choose(self, "item_kind", gettext("Any item"), _kinds())


class RequisitionFilterForm(forms.Form):
    """Narrow the list of requisitions; everything stands in the address."""

    state = forms.ChoiceField(label=_("State"), required=False)
    after = forms.CharField(max_length=18, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        states = [(state.value, requisition_state(state)) for state in RequisitionState]
        _choose(self, "state", gettext("Any state"), states)


class DeliveryForm(KeyForm):
    """Read a delivery: its kind and its range of serial numbers."""

    kind = forms.ChoiceField(label=_("Item"))
    first = forms.CharField(
        label=_("First serial number"),
        max_length=40,
        widget=forms.TextInput(attrs=_SERIAL),
    )
    last = forms.CharField(
        label=_("Last serial number"),
        help_text=_("The same as the first where only one came."),
        max_length=40,
        widget=forms.TextInput(attrs=_SERIAL),
    )
    reference = forms.CharField(label=_("Delivery note"), max_length=40)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        _choose(self, "kind", gettext("Choose an item"), _kinds())

    def clean_first(self) -> str:
        """Read a serial number as it is stored."""
        return read_serial_number(self.cleaned_data["first"])

    def clean_last(self) -> str:
        """Read a serial number as it is stored."""
        return read_serial_number(self.cleaned_data["last"])


class RequisitionForm(KeyForm):
    """Read what a unit asks for."""

    kind = forms.ChoiceField(label=_("Item"))
    quantity = forms.IntegerField(label=_("How many"), min_value=1, max_value=500)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        _choose(self, "kind", gettext("Choose an item"), _kinds())


class FulfilForm(KeyForm):
    """Read from which serial number on items are sent."""

    first = forms.CharField(
        label=_("From serial number on"),
        help_text=_("Leave it empty to send the oldest in stock."),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs=_SERIAL),
    )


class IssueForm(KeyForm):
    """Read to which company a card reader is given."""

    serial_number = forms.CharField(
        label=_("Serial number of the reader"),
        max_length=40,
        widget=forms.TextInput(attrs=_SERIAL),
    )
    company_code = forms.CharField(
        label=_("Company code"),
        help_text=_("8 digits, a customer of your branch."),
        max_length=8,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "data-draft-kept": True}
        ),
    )


def _kinds() -> list[tuple[str, str]]:
    return [(kind.value, word(kind)) for kind in EquipmentKind]


def _choose(form: forms.Form, name: str, none: str, choices: list[tuple[str, str]]) -> None:
    field: Any = form.fields[name]
    field.choices = [("", none), *choices]
