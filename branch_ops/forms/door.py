"""What a person of the bank types at the staff site's door."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.forms import ActForm
from identity.forms import EntryFields


class SignInForm(EntryFields):
    """Ask for login name and password; whatever is wrong is one message (AUTH-1)."""

    login_name = forms.CharField(
        label=_("Login name"),
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
    field_order = ("login_name", "password")


class LostForm(ActForm):
    """Carry that a bank person's own card is lost (CERT-10)."""

    reason = forms.CharField(
        label=_("What happened"),
        help_text=_("For example where and when you last had it. Head office reads it."),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
