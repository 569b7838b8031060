"""What people of either site choose at its door."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class UnshownHidden(forms.HiddenInput):
    """Carry a value to the server that the server never shows again."""

    def format_value(self, value: object) -> None:
        """Return nothing to show."""


class UnshownInput(forms.TextInput):
    """Be a field whose value is read as it is typed, and never shown again by the server."""

    def format_value(self, value: object) -> None:
        """Return nothing to show."""


class LanguageForm(forms.Form):
    """Read one of the offered languages."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)


class EntryFields(forms.Form):
    """Read a password as it was entered at the door: typed, or on the keypad; and the number.

    Nothing of it is shown again. Which of them must be there is told by views.typed_password.
    """

    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        required=False,
        widget=forms.PasswordInput(
            attrs={"autocomplete": "current-password", "required": True, "data-password": ""}
        ),
    )
    keypad_deal = forms.CharField(required=False, max_length=40, widget=UnshownHidden)
    keypad_codes = forms.CharField(required=False, max_length=2000, widget=UnshownHidden)
    number_id = forms.CharField(required=False, max_length=40, widget=UnshownHidden)
    number = forms.CharField(
        label=_("Number in the picture"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class EntryChoiceForm(forms.Form):
    """Read how somebody likes to enter a password at this browser."""

    entry = forms.ChoiceField(choices=[("keypad", ""), ("number", "")])
    wanted = forms.BooleanField(required=False)


class StaffActivationForm(forms.Form):
    """Read an activation at the bank's own door; nothing secret is shown again (AUTH-9)."""

    login_name = forms.CharField(
        label=_("Login name"),
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    code = forms.CharField(
        label=_("Activation code"),
        help_text=_("8 characters, as they were sent to you; spaces and hyphens do not matter."),
        max_length=24,
        widget=UnshownInput(
            attrs={
                "autocomplete": "one-time-code", "autocapitalize": "characters",
                "class": "code-input",
            }
        ),
    )  # fmt: skip
    new = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, str]:
        """Insist that the new password was typed the same twice."""
        return _same_twice(self, super().clean() or {})


class ActivationForm(StaffActivationForm):
    """Read an activation at the customers' door."""

    company_code = forms.CharField(
        label=_("Company code"),
        max_length=8,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "organization"}),
    )
    field_order = ("company_code", "login_name", "code", "new", "again")


class PasswordForm(forms.Form):
    """Read a change of password; nothing of it is shown again after a failure (PWD-1)."""

    old = forms.CharField(
        label=_("Present password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("New password again"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, str]:
        """Insist that the new password was typed the same twice."""
        return _same_twice(self, super().clean() or {})


def _same_twice(form: forms.Form, read: dict[str, str]) -> dict[str, str]:
    if "new" in read and "again" in read and read["new"] != read["again"]:
        form.add_error("again", _("The two new passwords are not the same."))
    return read
