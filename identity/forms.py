"""What people of either site choose at its door."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class LanguageForm(forms.Form):
    """Read one of the offered languages."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)


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
        read = super().clean() or {}
        if "new" in read and "again" in read and read["new"] != read["again"]:
            self.add_error("again", _("The two new passwords are not the same."))
        return read
