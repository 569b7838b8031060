"""What is stored of the bank's own authorities, their services and their lists."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from certificates.formats.profiles import Service
from certificates.models.choices import choices
from certificates.states import AUTHORITY_VERBS, AuthorityState
from kernel.machines import sources


class CertificateAuthority(FSMModelMixin, models.Model):
    """Hold one authority of the bank: its certificate and where its key is kept.

    One of each kind is in force. A retired one issues nothing more, and goes on publishing its
    list and answering about its certificates until the last of them has ended. Without a key
    reference the key is not within this installation's reach, as an offline root's is.
    """

    class Kind(models.TextChoices):
        ROOT = "ROOT", _("Root")
        ISSUING = "ISSUING", _("Issuing")

    name = models.CharField(max_length=80)
    # How its list is addressed: /pki/crl/<reference>.crl, for ever in its certificates.
    reference = models.SlugField(max_length=30, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = FSMField(
        _("state"), default=AuthorityState.CURRENT, choices=choices(AuthorityState), protected=True
    )
    certificate_der = models.BinaryField()
    key_reference = models.CharField(max_length=80, null=True, blank=True, unique=True)
    # The number of the newest revocation list; taking the next one locks this row.
    crl_number = models.BigIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("certificate authority")
        verbose_name_plural = _("certificate authorities")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind"],
                condition=Q(state=AuthorityState.CURRENT),
                name="certificates_one_authority_in_force",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @transition(
        field=state, source=sources(AUTHORITY_VERBS, "retire"), target=AuthorityState.RETIRED
    )
    def retire(self) -> None:
        """Issue nothing more: another has taken its place."""


class ServiceKey(models.Model):
    """Hold one key of an authority's service with its certificate; the newest is in force."""

    authority = models.ForeignKey(CertificateAuthority, models.PROTECT, related_name="service_keys")
    service = models.CharField(max_length=20, choices=choices(Service))
    serial_number = models.CharField(max_length=40, unique=True)
    certificate_der = models.BinaryField()
    key_reference = models.CharField(max_length=80, unique=True)
    not_after = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("service key")
        verbose_name_plural = _("service keys")
        indexes: ClassVar = [
            models.Index(fields=["authority", "service", "-id"], name="certificates_service_key"),
        ]

    def __str__(self) -> str:
        return self.key_reference


class RevocationList(models.Model):
    """Hold one full revocation list of an authority; its newest is the truth (CERT-8)."""

    issuer = models.ForeignKey(
        CertificateAuthority, models.PROTECT, related_name="revocation_lists"
    )
    number = models.BigIntegerField()
    der = models.BinaryField()
    entries = models.PositiveIntegerField()
    this_update = models.DateTimeField()
    next_update = models.DateTimeField()

    class Meta:
        verbose_name = _("revocation list")
        verbose_name_plural = _("revocation lists")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["issuer", "number"], name="certificates_one_list_of_a_number"
            ),
            models.CheckConstraint(
                condition=Q(next_update__gt=F("this_update")), name="certificates_list_lasts"
            ),
        ]

    def __str__(self) -> str:
        return f"CRL {self.number}"
