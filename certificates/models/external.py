"""What is stored of accredited outside authorities (CERT-11)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class ExternalAuthority(models.Model):
    """Hold one outside authority the bank accepts: its root, and under which policies.

    `policies` says for each policy OID where the keys of its holders are kept. Once withdrawn
    none of its certificates signs here any more, and it is not accepted again under this row.
    """

    code = models.SlugField(_("code"), max_length=12, unique=True)
    name = models.CharField(max_length=80)
    root_der = models.BinaryField()
    root_sha256 = models.CharField(max_length=64, unique=True)
    policies = models.JSONField(_("accepted policies"))
    configured_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("outside authority")
        verbose_name_plural = _("outside authorities")

    def __str__(self) -> str:
        return self.code


class ExternalIssuer(models.Model):
    """Hold one issuer of an outside authority, its root included, and where its list is.

    `chain` has the certificates from itself up, the root left out: empty for the root.
    """

    authority = models.ForeignKey(ExternalAuthority, models.PROTECT, related_name="issuers")
    subject = models.CharField(_("subject"), max_length=300)
    certificate_der = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    chain = ArrayField(models.BinaryField())
    crl_url = models.CharField(_("address of the revocation list"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("outside issuer")
        verbose_name_plural = _("outside issuers")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["authority", "sha256"], name="certificates_outside_issuer_once"
            ),
        ]

    def __str__(self) -> str:
        return self.subject


class ExternalList(models.Model):
    """Hold one revocation list fetched from an outside issuer; its newest is the truth."""

    issuer = models.ForeignKey(ExternalIssuer, models.PROTECT, related_name="lists")
    # 0 where the list carries none.
    number = models.DecimalField(max_digits=49, decimal_places=0)
    der = models.BinaryField()
    entries = models.PositiveIntegerField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()
    fetched_at = models.DateTimeField()

    class Meta:
        verbose_name = _("outside revocation list")
        verbose_name_plural = _("outside revocation lists")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issuer", "this_update"], name="certificates_outside_list_once"
            ),
            models.CheckConstraint(
                condition=Q(next_update__gt=F("this_update")), name="certificates_outside_list_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.issuer_id} {self.this_update:%Y-%m-%d %H:%M}"
