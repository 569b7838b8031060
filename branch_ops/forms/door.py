"""What a person of the bank types at the staff site's door."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.forms import ActForm


class SignInForm(forms.Form):
    """Ask for login name and password; whatever is wrong is one message (AUTH-1)."""

    login_name = forms.CharField(
        label=_("Login name"),
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)


class LostForm(ActForm):
    """Carry that a bank person's own card is lost (CERT-10)."""

    reason = forms.CharField(
        label=_("What happened"),
        help_text=_("For example where and when you last had it. Head office reads it."),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
