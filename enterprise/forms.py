"""What people type at the customer's door."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(forms.Form):
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
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    next = forms.CharField(required=False, max_length=300, widget=forms.HiddenInput)
