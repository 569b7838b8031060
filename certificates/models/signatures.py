"""What is stored of statements put before signers, and of their signatures."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from certificates.models.certificates import Certificate
from certificates.models.choices import choices
from certificates.states import CertificateState


class SignRequest(models.Model):
    """Hold one statement put before one signer in one session; single use (SIGN-2).

    Everything but the two times at the end is final.
    """

    id = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="sign_requests")
    session_key_sha256 = models.CharField(max_length=64)
    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="sign_requests")
    action = models.CharField(max_length=80)
    request_key = models.CharField(max_length=80)
    revision = models.PositiveIntegerField(default=0)
    statement = models.BinaryField()
    text = models.TextField()
    text_sha256 = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    unlocked_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sign request")
        verbose_name_plural = _("sign requests")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="certificates_sign_window"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["request_key", "created_at"], name="certificates_sign_request"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.request_key}"


class Signature(models.Model):
    """Hold one accepted signature with what was so when it was made; never changed, never removed.

    Signature bytes never identify anything: another encoding of them verifies too.
    """

    sign_request = models.OneToOneField(SignRequest, models.PROTECT, related_name="signature")
    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="signatures")
    cms = models.BinaryField()
    cms_sha256 = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    accepted_at = models.DateTimeField()
    certificate_state = models.CharField(max_length=20, choices=choices(CertificateState))
    crl_number = models.BigIntegerField()
    # What the responder said of the certificate when the signature was accepted; the list in the
    # signature's file says the same in the other form (CERT-8).
    ocsp_der = models.BinaryField(null=True, blank=True)

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")

    def __str__(self) -> str:
        return f"{self.sign_request_id} {self.signed_at:%Y-%m-%d %H:%M:%S}"
