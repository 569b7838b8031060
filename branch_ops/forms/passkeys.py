"""What the pages of passkeys send: an authenticator's answer, a code, a name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NAME_LONGEST = 40


class AnswerField(forms.JSONField):
    """Read an authenticator's answer: one JSON object as text."""

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 - JSON is any value
        """Return the object, or refuse any other value."""
        read = super().to_python(value)
        if not isinstance(read, dict):
            raise ValidationError("object", code="object")
        return read


class NewPasskeyForm(forms.Form):
    """Ask for the code from the phone, where one is needed, and for the new passkey's name."""

    code = forms.CharField(
        label=_("Code from your phone"),
        max_length=64,
        required=False,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}
        ),
    )
    name = forms.CharField(
        label=_("Name of the passkey"),
        help_text=_("So that you know it again in the list, for example: work PC, blue key."),
        max_length=NAME_LONGEST,
    )


class CodeMessage(forms.Form):
    """Hold the code that a first passkey is registered with; empty where none is needed."""

    code = forms.CharField(max_length=64, required=False)


class RegisterMessage(forms.Form):
    """Hold a new passkey's answer and name."""

    answer = AnswerField()
    name = forms.CharField(max_length=NAME_LONGEST)


class SignInMessage(forms.Form):
    """Hold a passkey's answer and where the person was going."""

    answer = AnswerField()
    next = forms.CharField(max_length=500, required=False)
