"""What people of either site choose at its door, in first use and about themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from identity.policies import (
    CODE_LONGEST,
    CODE_SHORTEST,
    LOGIN_NAME_LONGEST,
    LOGIN_NAME_SHORTEST,
    Step,
)


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


class StepForm(forms.Form):
    """Read which step of first use a form is about; the last one is called `finish`."""

    FINISH = "finish"
    step = forms.ChoiceField(choices=[*((step, step) for step in Step), (FINISH, FINISH)])


class LoginNameForm(forms.Form):
    """Read a new login name (PWD-2)."""

    login_name = forms.CharField(
        label=_("New login name"),
        help_text=_(
            "8 to 32 characters: letters of A to Z and digits, both of them; also full stops, "
            "hyphens and underscores. Not the company code and no phone number. Capital letters "
            "count."
        ),
        min_length=LOGIN_NAME_SHORTEST,
        max_length=LOGIN_NAME_LONGEST,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )


class AuthorisationCodeForm(forms.Form):
    """Read a new supervisor authorisation code; it is never shown again (DUAL-7)."""

    authorisation_code = forms.CharField(
        label=_("Supervisor authorisation code"),
        help_text=_("At least 8 characters without spaces and without your login name."),
        min_length=CODE_SHORTEST,
        max_length=CODE_LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Supervisor authorisation code again"),
        max_length=CODE_LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, str]:
        """Insist that the code was typed the same twice."""
        read = super().clean() or {}
        typed = read.get("authorisation_code")
        if typed and "again" in read and typed != read["again"]:
            self.add_error("again", _("The two codes are not the same."))
        return read


class ChangedAuthorisationCodeForm(AuthorisationCodeForm):
    """Read a supervisor authorisation code that replaces another, which is given too (DUAL-7)."""

    old_code = forms.CharField(
        label=_("Present supervisor authorisation code"),
        max_length=CODE_LONGEST,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("old_code", "authorisation_code", "again")


class ContactActForm(forms.Form):
    """Read which address a form is about, and what it asks for."""

    SEND, TYPE, WANT = "send", "type", "want"
    act = forms.ChoiceField(choices=[(SEND, SEND), (TYPE, TYPE), (WANT, WANT)])
    channel = forms.ChoiceField(choices=[("sms", "sms"), ("email", "email")])


class CodeForm(forms.Form):
    """Read a code that was sent to a person."""

    code = forms.CharField(
        label=_("Code from the message"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "class": "code-input"}
        ),
    )


class AddressForm(forms.Form):
    """Read another address of a person; the password too where nothing stronger was shown."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, channel: str, asks_password: bool
    ) -> None:
        super().__init__(data, prefix=channel)
        is_mail = channel == "email"
        self.fields["address"] = forms.CharField(
            label=_("New e-mail address") if is_mail else _("New phone number"),
            max_length=120,
            widget=forms.TextInput(
                attrs={"type": "email", "autocomplete": "email"}
                if is_mail
                else {"type": "tel", "autocomplete": "tel"}
            ),
        )
        if asks_password:
            self.fields["password"] = forms.CharField(
                label=_("Present password"),
                max_length=128,
                strip=False,
                widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
            )

    def clean_address(self) -> str:
        """Leave out what people put between the digits of a phone number."""
        typed = str(self.cleaned_data["address"])
        return typed if self.prefix == "email" else typed.replace(" ", "").replace("-", "")


class SettingsForm(forms.Form):
    """Read a person's own settings; what the bank does not offer is not asked (DEL-3, KEY-1)."""

    language = forms.ChoiceField(
        label=_("Language of pages and messages"), choices=settings.LANGUAGES
    )
    start_page = forms.ChoiceField(
        label=_("First page after signing in"), choices=[("home", _("Home")), ("inbox", _("Inbox"))]
    )
    prefers_keypad = forms.BooleanField(
        label=_("Type my password on the on-screen keypad"), required=False
    )
    prefers_number = forms.BooleanField(
        label=_("Also show me a number in a picture when I sign in"), required=False
    )

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Any],
        offers_inbox: bool,
        offers_keypad: bool,
        offers_number: bool,
    ) -> None:
        super().__init__(data, initial=dict(initial))
        offered = {"prefers_keypad": offers_keypad, "prefers_number": offers_number}
        for name, is_offered in offered.items():
            if not is_offered:
                del self.fields[name]
        if not offers_inbox:
            self.fields["start_page"] = forms.ChoiceField(
                label=_("First page after signing in"), choices=[("home", _("Home"))]
            )
