"""What is typed at the certificate counter."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from branch_ops.queries.counter import Sought
from branch_ops.render import word
from branch_ops.render.counter import certificate_state
from branch_ops.subjects.certificates import REPRINT_CAUSES, REVOCATION_CAUSES
from branch_ops.subjects.scopes import CURRENCY, Scope, functions
from certificates.errors import StatementRefused
from certificates.formats.profiles import KeyStorage
from certificates.formats.texts import check_text
from certificates.states import CertificateState
from kernel.errors import RuleBroken
from kernel.money import Money, parse_money


class SearchForm(forms.Form):
    """Narrow the list of certificates; everything stands in the address."""

    company = forms.CharField(label=_("Company code or name"), max_length=80, required=False)
    holder = forms.CharField(label=_("Holder's name or number"), max_length=40, required=False)
    serial = forms.CharField(label=_("Certificate or card number"), max_length=60, required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    after = forms.CharField(max_length=18, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field: Any = self.fields["state"]
        states = [(state.value, certificate_state(state)) for state in CertificateState]
        field.choices = [("", gettext("Any state")), *states]

    def sought(self) -> Sought:
        """Return what is looked for; what cannot be read narrows nothing."""
        data = self.cleaned_data if self.is_valid() else {}
        names = ("company", "holder", "serial", "state")
        return Sought(**{name: data.get(name, "").strip() for name in names})


class HolderForm(forms.Form):
    """Look for the person a certificate is for."""

    company = forms.CharField(label=_("Company code or name"), max_length=80, required=False)
    holder = forms.CharField(label=_("Holder's name or number"), max_length=40, required=False)


class KeyForm(forms.Form):
    """Carry the random text that makes a form act once (TRF-8)."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ReasonForm(KeyForm):
    """Ask why; the reason is signed and stays in the history."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("It stays in the history. Name the document you were shown."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the reason.")},
    )

    def clean_reason(self) -> str:
        """Refuse a reason that could read otherwise than it is."""
        try:
            return check_text(self.cleaned_data["reason"])
        except StatementRefused as error:
            raise forms.ValidationError(str(error)) from None


class RevocationForm(ReasonForm):
    """Ask for the cause that the revocation list tells, and the reason."""

    cause = forms.ChoiceField(
        label=_("Cause"),
        help_text=_("The revocation list tells it to everybody."),
        choices=[("", _("Choose a cause")), *REVOCATION_CAUSES.items()],
        error_messages={"required": _("Choose a cause.")},
    )
    field_order = ("idempotency_key", "cause", "reason")


class ReprintForm(ReasonForm):
    """Ask why the letter cannot be used."""

    cause = forms.ChoiceField(
        label=_("Cause"),
        help_text=_("A fault of the bank's costs the customer nothing; otherwise a fee falls due."),
        choices=[("", _("Choose a cause")), *REPRINT_CAUSES.items()],
        error_messages={"required": _("Choose a cause.")},
    )
    field_order = ("idempotency_key", "cause", "reason")


class ScopeFields(KeyForm):
    """Ask what a certificate may be used for (CERT-6)."""

    functions = forms.MultipleChoiceField(
        label=_("Functions"),
        help_text=_("Nothing ticked: every function."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    amount_cap = forms.CharField(
        label=_("Highest amount"),
        help_text=_("In TWD, for example 1,000,000. Empty: no limit of its own."),
        max_length=30,
        required=False,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "data-draft-kept": True}
        ),
    )
    scope_from = forms.DateField(
        label=_("First day of use"),
        required=False,
        input_formats=["%Y-%m-%d", "%Y/%m/%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    scope_until = forms.DateField(
        label=_("Last day of use"),
        required=False,
        input_formats=["%Y-%m-%d", "%Y/%m/%d"],
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field: Any = self.fields["functions"]
        field.choices = functions()

    def clean_amount_cap(self) -> Decimal | None:
        """Read the amount; empty is no limit."""
        typed = self.cleaned_data["amount_cap"]
        if not typed:
            return None
        try:
            return parse_money(typed, CURRENCY).amount
        except RuleBroken as error:
            raise forms.ValidationError(gettext(str(error))) from None

    def clean(self) -> dict[str, Any]:
        """Insist that the scope makes sense; what does not is said beside its field."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.scope().check()
            except RuleBroken as error:
                self.add_error(error.field or None, str(error))
        return data

    def scope(self) -> Scope:
        """Return the scope that was typed."""
        data = self.cleaned_data
        first: date | None = data.get("scope_from")
        last: date | None = data.get("scope_until")
        cap: Decimal | None = data.get("amount_cap")
        return Scope(tuple(data.get("functions", ())) or None, cap, first, last)


class ScopeForm(ScopeFields, ReasonForm):
    """Ask for a new usage scope and why."""

    field_order = ("idempotency_key", "functions", "amount_cap", "scope_from", "scope_until")


class ApplicationForm(ScopeFields):
    """Ask where the key is kept and what it may be used for."""

    storage = forms.ChoiceField(label=_("Key kept in"), widget=forms.RadioSelect)
    card_serial = forms.ChoiceField(
        label=_("Card number"),
        help_text=_("A card of the branch's stock; only for a key kept in a card."),
        required=False,
        error_messages={"invalid_choice": _("This card is not in the branch's stock.")},
    )
    field_order = ("idempotency_key", "storage", "card_serial")

    def __init__(
        self, *args: object, storages: Sequence[str], cards: Sequence[str], **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)
        storage: Any = self.fields["storage"]
        storage.choices = [(name, word(name)) for name in storages]
        card: Any = self.fields["card_serial"]
        card.choices = [("", gettext("No card")), *((number, number) for number in cards)]

    def clean(self) -> dict[str, Any]:
        """Insist that a card has its number, and a key in the browser none."""
        data = super().clean()
        kept, card = data.get("storage"), data.get("card_serial")
        if kept == KeyStorage.HARDWARE.name and not card and "card_serial" not in self.errors:
            self.add_error("card_serial", gettext("Choose the card that is handed over."))
        if kept == KeyStorage.BROWSER.name and card:
            self.add_error("card_serial", gettext("A key in the browser needs no card."))
        return data


def typed_scope(scope: Scope) -> dict[str, Any]:
    """Return a scope as the initial values of its fields."""
    cap = scope.amount_cap
    return {
        "functions": list(scope.functions or ()),
        "amount_cap": "" if cap is None else f"{Money(cap, CURRENCY).quantised().amount:,f}",
        "scope_from": scope.scope_from,
        "scope_until": scope.scope_until,
    }
