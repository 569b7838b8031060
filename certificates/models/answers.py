"""What is stored of answers about certificates' states."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from certificates.formats.ocsp import CertificateStatus
from certificates.formats.profiles import RevocationReason
from certificates.models.certificates import Certificate
from certificates.models.choices import choices


class OcspAnswer(models.Model):
    """Hold the answer about one certificate, signed beforehand, and what it says (CERT-8).

    It is given only while it says what the certificate's own row says.
    """

    certificate = models.OneToOneField(
        Certificate, models.PROTECT, primary_key=True, related_name="ocsp_answer"
    )
    der = models.BinaryField()
    status = models.CharField(max_length=10, choices=choices(CertificateStatus))
    revoked_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=30, choices=choices(RevocationReason), blank=True)
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()

    class Meta:
        verbose_name = _("answer about a certificate")
        verbose_name_plural = _("answers about certificates")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(next_update__gt=F("this_update")), name="certificates_answer_lasts"
            ),
            models.CheckConstraint(
                condition=Q(status=CertificateStatus.REVOKED, revoked_at__isnull=False)
                | (~Q(status=CertificateStatus.REVOKED) & Q(revoked_at__isnull=True, reason="")),
                name="certificates_answer_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.status}"
