"""What people type or a card sends when they decide."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.queries.inbox import Tab
from approvals.queries.words import STATES, USER_STATES
from approvals.states import RequestState
from approvals.subjects.people import IDENTIFIED, Identified
from certificates.formats.signed_attributes import read_signing_time


class ActForm(forms.Form):
    """Carry the random text that makes a form act once (TRF-8)."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)


class DecisionForm(ActForm):
    """Carry a signature made by the card in the browser."""

    sign_request = forms.CharField(max_length=64, widget=forms.HiddenInput)
    signature = forms.CharField(max_length=2048, widget=forms.HiddenInput)
    signing_time = forms.CharField(max_length=30, widget=forms.HiddenInput)

    def clean_signature(self) -> bytes:
        """Read the signature's base64."""
        try:
            return base64.b64decode(self.cleaned_data["signature"], validate=True)
        except (binascii.Error, ValueError):
            raise forms.ValidationError(_("The signature could not be read. Sign again.")) from None

    def clean_signing_time(self) -> datetime:
        """Read the signing time: RFC 3339 in UTC, whole seconds."""
        try:
            return read_signing_time(self.cleaned_data["signing_time"])
        except ValueError:
            raise forms.ValidationError(_("The signature could not be read. Sign again.")) from None


class ReleaseForm(DecisionForm):
    """Carry a signed release, with the code that was sent for it where one is asked for."""

    code = forms.CharField(max_length=20, required=False)


class ReasonForm(DecisionForm):
    """Carry a signed decision that needs a reason (DUAL-4)."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the reason: the maker reads it.")},
    )


class HelpForm(ActForm):
    """Ask why somebody is let in again, and how it is known that it is they who ask (AUTH-9)."""

    identified_by = forms.ChoiceField(
        label=_("How was the person identified?"),
        choices=[(way.value, IDENTIFIED[way]) for way in Identified],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how the person was identified.")},
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("It stays in the history. Name the document you were shown."),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        error_messages={"required": _("Write the reason.")},
    )
    field_order = ("idempotency_key", "identified_by", "reason")


class PeopleForm(forms.Form):
    """Narrow the list of people; everything stands in the address."""

    text = forms.CharField(label=_("Name, login name or company"), max_length=60, required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("Any state")),
            *((str(state), USER_STATES[state][0]) for state in USER_STATES if state != "CLOSED"),
        ],
    )
    after = forms.CharField(max_length=18, required=False, widget=forms.HiddenInput)


class FilterForm(forms.Form):
    """Narrow a list; everything stands in the address."""

    tab = forms.ChoiceField(
        choices=[(str(tab), str(tab)) for tab in Tab], required=False, widget=forms.HiddenInput
    )
    text = forms.CharField(label=_("Number or payee"), max_length=60, required=False)
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("", _("Any state"))]
        + [(str(state), STATES[state][0]) for state in RequestState if state != "DELETED"],
    )
    after = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)
