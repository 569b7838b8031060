"""What people of either site choose at its door."""

from __future__ import annotations

from django import forms
from django.conf import settings


class LanguageForm(forms.Form):
    """Read one of the offered languages."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
