"""What people type at the customer's door."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext, gettext_lazy as _

from approvals.forms import ActForm, DecisionForm, ReasonForm
from approvals.queries.cards import CAUSES, STATES
from certificates.formats.profiles import RevocationReason
from certificates.formats.texts import check_text
from certificates.operations import Asked, CertificateAct
from enterprise.subjects.policy import CURRENCY
from identity.errors import FigureRefused
from identity.forms import EntryFields, UnshownInput
from identity.policies import CompanyRules, check_company_rules
from kernel.errors import RuleBroken
from kernel.money import parse_money


class SignInForm(EntryFields):
    """Read a sign-in; nothing of it is shown again after a failure (AUTH-1)."""

    company_code = forms.CharField(
        label=_("Company code"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "organization"}),
    )
    login_name = forms.CharField(
        label=_("Login name"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    next = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
    field_order = ("company_code", "login_name", "password")


class CompanyFilterForm(forms.Form):
    """Narrow the list of the company's certificates; everything stands in the address."""

    text = forms.CharField(
        label=_("Name, login name or serial number"), max_length=60, required=False
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Any state")), *((str(state), STATES[state][0]) for state in STATES)],
    )
    after = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)


class SuspendForm(ReasonForm):
    """Carry a supervisor's signed suspension: why, and after which preview."""

    act = CertificateAct.SUSPEND
    impact = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=_("Why"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write why: the holder reads it.")},
    )

    def asked(self, serial_number: str) -> Asked:
        """Return what was asked for, whether or not a signature came along."""
        read = self.cleaned_data
        cause = read.get("cause")
        return Asked(
            act=self.act,
            serial_number=serial_number,
            reason=read.get("reason", ""),
            impact_sha256=read.get("impact", ""),
            cause=RevocationReason[cause] if cause else None,
        )


class RevokeForm(SuspendForm):
    """Carry a supervisor's signed revocation, with what the world is told."""

    act = CertificateAct.REVOKE
    cause = forms.ChoiceField(
        label=_("Because"),
        choices=[("", _("Choose")), *((cause.name, CAUSES[cause]) for cause in CAUSES)],
        error_messages={"required": _("Choose because of what.")},
    )
    field_order = ("cause", "reason")


ACT_FORMS = {form.act: form for form in (SuspendForm, RevokeForm)}


class LiftForm(DecisionForm):
    """Carry the letter and the card's signature that lift a suspension (CERT-4)."""

    letter_number = forms.CharField(
        label=_("Letter number"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "class": "code-input"}
        ),
    )
    secret = forms.CharField(
        label=_("Secret of the letter"),
        help_text=_("17 characters, as printed; spaces and hyphens do not matter."),
        max_length=24,
        widget=UnshownInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "class": "code-input"}
        ),
    )


class LostForm(ActForm):
    """Carry that a person's own card is lost (CERT-10)."""

    reason = forms.CharField(
        label=_("What happened"),
        help_text=_("For example where and when you last had it. Your branch reads it."),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _hour(label: Any, hint: Any) -> forms.TimeField:  # noqa: ANN401 - lazily translated text
    return forms.TimeField(
        label=label,
        help_text=hint,
        required=False,
        input_formats=["%H:%M"],
        widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
    )


class CompanyPolicyForm(forms.Form):
    """Ask what a company wants of its own people at the door (AUTH-5, AUTH-6, AUTH-7)."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    submit_with_card = forms.ChoiceField(
        label=_("Submitting for review"),
        choices=[("no", _("the password is enough")), ("yes", _("with the card"))],
        widget=forms.RadioSelect,
    )
    code_from = forms.CharField(
        label=_("Verification code from this amount on"),
        help_text=_(
            "In TWD, for example 1,000,000; 0 is every amount. From there on, and for every other "
            "currency, a release also asks for a code sent to the phone. Empty: never."
        ),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    usual_from = _hour(_("Usual hours from"), _("Taipei time. Empty: any hour is usual."))
    usual_until = _hour(
        _("Usual hours until"), _("A sign-in outside these hours is marked as unusual.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Your security supervisor reads it before releasing."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the reason.")},
    )

    def clean_code_from(self) -> Decimal | None:
        """Read the amount; empty is never, zero is every amount."""
        typed = self.cleaned_data["code_from"].strip()
        if not typed or typed == "0":
            return Decimal(0) if typed else None
        try:
            return parse_money(typed, CURRENCY).amount
        except RuleBroken as error:
            raise forms.ValidationError(gettext(str(error))) from None

    def clean_reason(self) -> str:
        """Refuse a reason that could read otherwise than it is."""
        try:
            return check_text(self.cleaned_data["reason"])
        except RuleBroken as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        """Insist that the rules make sense; what does not is said beside its field."""
        data: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                check_company_rules(self.rules())
            except FigureRefused as error:
                self.add_error(error.field, str(error))
        return data

    def rules(self) -> CompanyRules:
        """Return the rules that were typed."""
        read = self.cleaned_data
        return CompanyRules(
            submit_with_card=read["submit_with_card"] == "yes",
            code_from=read["code_from"],
            usual_from=read["usual_from"],
            usual_until=read["usual_until"],
        )
