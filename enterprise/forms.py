"""What people type at the customer's door."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.forms import ActForm, DecisionForm, ReasonForm
from approvals.queries.cards import CAUSES, STATES
from certificates.formats.profiles import RevocationReason
from certificates.operations import Asked, CertificateAct
from identity.forms import EntryFields


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


class UnshownInput(forms.TextInput):
    """Be a field whose value is read as it is typed, and never shown again by the server."""

    def format_value(self, value: object) -> None:
        """Return nothing to show."""


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
