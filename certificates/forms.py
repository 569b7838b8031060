"""Read what the browser's card sends: JSON, held to plain forms."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime
from typing import Any

from django import forms

from certificates.errors import MessageUnreadable
from certificates.formats.signed_attributes import read_signing_time

# Two certificate requests of 8 KiB in base64, and room for the rest.
MESSAGE_LONGEST = 28 * 1024


class Base64Field(forms.Field):
    """Read standard base64 into bytes."""

    def to_python(self, value: object) -> bytes:
        """Return the bytes, or refuse anything that is not exact base64."""
        try:
            return base64.b64decode(str(value), validate=True)
        except (binascii.Error, ValueError) as error:
            raise forms.ValidationError("base64", code="base64") from error


class SigningTimeField(forms.Field):
    """Read a time in whole seconds such as 2026-11-22T13:55:33Z."""

    def to_python(self, value: object) -> datetime:
        """Return the aware time, or refuse any other spelling."""
        try:
            return read_signing_time(str(value))
        except ValueError as error:
            raise forms.ValidationError("time", code="time") from error


class EnrolMessage(forms.Form):
    """Hold a letter, two certificate requests and a new PIN, repeated on the page."""

    letter_number = forms.CharField(max_length=64)
    secret = forms.CharField(max_length=128)
    request = Base64Field()
    authentication_request = Base64Field()
    pin = forms.CharField(max_length=64, strip=False, required=False)


class ConfirmMessage(forms.Form):
    """Hold the signature over the challenge."""

    certificate_sha256 = forms.RegexField(r"\A[0-9a-f]{64}\Z")
    signature = Base64Field()
    signing_time = SigningTimeField()


class RenewalMessage(forms.Form):
    """Hold the requests for the two keys that are to replace a card's own."""

    request = Base64Field()
    authentication_request = Base64Field()


class RenewMessage(RenewalMessage):
    """Hold such requests and the present card's signature over their digests."""

    sign_request = forms.CharField(max_length=64)
    signature = Base64Field()
    signing_time = SigningTimeField()


class UnlockMessage(forms.Form):
    """Hold a PIN and the sign request it opens."""

    sign_request = forms.CharField(max_length=64)
    pin = forms.CharField(max_length=64, strip=False, required=False)


class AuthenticateMessage(forms.Form):
    """Hold the signature by which a card shows that its holder is there."""

    sign_request = forms.CharField(max_length=64)
    signature = Base64Field()
    signing_time = SigningTimeField()


def read_message(form: type[forms.Form], content_type: str | None, body: bytes) -> dict[str, Any]:
    """Return the members of a JSON message as a form reads them. Raises MessageUnreadable."""
    if content_type != "application/json" or len(body) > MESSAGE_LONGEST:
        raise MessageUnreadable
    try:
        members = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MessageUnreadable from error
    if not isinstance(members, dict) or not all(isinstance(one, str) for one in members.values()):
        raise MessageUnreadable
    read = form(members)
    if not read.is_valid():
        raise MessageUnreadable
    return read.cleaned_data
