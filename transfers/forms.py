"""What a maker types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from certificates.errors import StatementRefused
from certificates.formats.texts import check_text
from kernel.errors import RuleBroken
from kernel.money import Money, parse_money
from ledger.gateways import AccountFacts
from transfers.operations import OrderFields
from transfers.policies import grouped_account


class OrderForm(forms.Form):
    """Read a transfer; every figure means exactly what was typed."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    from_account = forms.ChoiceField(
        label=_("From account"),
        error_messages={"invalid_choice": _("Choose one of the accounts you may transfer from.")},
    )
    payee_account = forms.CharField(
        label=_("Payee account"),
        help_text=_("12 digits, an account at our bank."),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "data-draft-kept": True}
        ),
    )
    payee_name = forms.CharField(label=_("Payee"), max_length=60)
    amount = forms.CharField(
        label=_("Amount"),
        help_text=_("For example 1,234,567."),
        max_length=30,
        widget=forms.TextInput(
            attrs={"inputmode": "decimal", "autocomplete": "off", "data-draft-kept": True}
        ),
    )
    value_date = forms.DateField(
        label=_("Value date"),
        input_formats=["%Y-%m-%d", "%Y/%m/%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    memo = forms.CharField(
        label=_("Memo"), help_text=_("The payee reads it."), max_length=40, required=False
    )

    def __init__(self, *args: object, accounts: Sequence[AccountFacts], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._currencies = {account.number: account.currency for account in accounts}
        field: Any = self.fields["from_account"]
        field.choices = [("", gettext("Choose an account"))] + [
            (account.number, _choice(account)) for account in accounts
        ]

    def clean_payee_account(self) -> str:
        """Read an account number; spaces and hyphens do not matter."""
        number = "".join(c for c in self.cleaned_data["payee_account"] if c not in " -")
        if not (number.isascii() and number.isdigit() and len(number) == 12):
            raise forms.ValidationError(_("Enter the 12 digits of the account."))
        return number

    def clean_payee_name(self) -> str:
        """Refuse a name that could read otherwise than it is."""
        return self._signable("payee_name")

    def clean_memo(self) -> str:
        """Refuse a memo that could read otherwise than it is."""
        return self._signable("memo")

    def clean(self) -> dict[str, object]:
        """Read the amount in the currency of the chosen account."""
        data: dict[str, object] = super().clean() or {}
        currency = self._currencies.get(str(data.get("from_account", "")))
        if currency and data.get("amount"):
            try:
                data["money"] = parse_money(str(data["amount"]), currency)
            except RuleBroken as error:
                message = gettext(str(error.message))
                shown = message % error.facts if error.facts else message
                self.add_error("amount", shown)
        return data

    def _signable(self, name: str) -> str:
        """Return a text as its signers will read it; what could not be signed is refused now."""
        try:
            text = check_text(self.cleaned_data[name])
        except StatementRefused as error:
            raise forms.ValidationError(str(error)) from None
        self.fields[name].run_validators(text)  # composed text can be longer than what was typed
        return text

    def typed_order(self) -> OrderFields:
        """Return what was typed as values; only after `is_valid`."""
        data = self.cleaned_data
        money, value_date = data["money"], data["value_date"]
        assert isinstance(money, Money)  # noqa: S101 - clean() read it
        assert isinstance(value_date, date)  # noqa: S101 - the field read it
        return OrderFields(
            from_account=data["from_account"],
            payee_account=data["payee_account"],
            payee_name=data["payee_name"],
            money=money,
            value_date=value_date,
            memo=data["memo"],
        )


class OrderFilterForm(forms.Form):
    """Narrow the list of transfers; everything stands in the address."""

    text = forms.CharField(label=_("Number or payee"), max_length=60, required=False)
    after = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)


def _choice(account: AccountFacts) -> str:
    available = Money(account.available, account.currency)
    return gettext("%(number)s %(name)s, available %(available)s") % {
        "number": grouped_account(account.number),
        "name": account.name,
        "available": available,
    }
