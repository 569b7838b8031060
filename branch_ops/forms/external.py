"""What the PKI officer uploads and types to bind an outside certificate."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from certificates.errors.external import ExternalReason, ExternalRefused
from certificates.formats.external import SIZE_MAXIMUM, read_upload


class UploadForm(forms.Form):
    """Read one certificate; what is wrong with the file is said beside it."""

    certificate = forms.FileField(
        label=_("Certificate file"),
        help_text=_("PEM or DER, one certificate, at most 16 KiB."),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ".pem,.crt,.cer,.der"}),
    )

    def clean_certificate(self) -> bytes:
        """Return the DER of the uploaded certificate; a large file is not even read."""
        upload: Any = self.cleaned_data["certificate"]
        try:
            if upload.size > SIZE_MAXIMUM:
                raise ExternalRefused(ExternalReason.TOO_LARGE)
            return read_upload(upload.read())
        except ExternalRefused as refused:
            raise forms.ValidationError(str(refused)) from refused


class BindForm(forms.Form):
    """Choose the holder of the certificate that was examined, and say why."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    certificate = forms.CharField(max_length=24_000, widget=forms.HiddenInput)
    company = forms.CharField(
        label=_("Company (unified number)"),
        max_length=10,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "autocomplete": "off", "data-draft-kept": True}
        ),
    )
    holder = forms.CharField(
        label=_("Login name of the holder"),
        help_text=_("As the person signs in at the company's site."),
        max_length=32,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "data-draft-kept": True, "spellcheck": "false"}
        ),
    )
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("For example the number of the application."),
        max_length=120,
    )


class EditForm(forms.Form):
    """Change why a certificate is to be bound; another holder is another proposal."""

    idempotency_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=120)
