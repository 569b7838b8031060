"""What is stored of the bank's own authority."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class CertificateAuthority(models.Model):
    """Hold one authority of the bank: its certificate and where its key is kept."""

    class Kind(models.TextChoices):
        ROOT = "ROOT", _("Root")
        ISSUING = "ISSUING", _("Issuing")

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=Kind.choices, unique=True)
    certificate_der = models.BinaryField()
    key_reference = models.CharField(max_length=60, unique=True)
    # The number of the newest revocation list; taking the next one locks this row.
    crl_number = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("certificate authority")
        verbose_name_plural = _("certificate authorities")

    def __str__(self) -> str:
        return self.name


class RevocationList(models.Model):
    """Hold one full revocation list; the newest is the truth (CERT-8)."""

    issuer = models.ForeignKey(
        CertificateAuthority, models.PROTECT, related_name="revocation_lists"
    )
    number = models.BigIntegerField(unique=True)
    der = models.BinaryField()
    entries = models.PositiveIntegerField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()

    class Meta:
        verbose_name = _("revocation list")
        verbose_name_plural = _("revocation lists")
        indexes: ClassVar = [
            models.Index(fields=["this_update", "number"], name="certificates_crl_time"),
        ]

    def __str__(self) -> str:
        return f"CRL {self.number}"
