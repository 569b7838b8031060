"""What is stored to prove later what was so at a signature's time."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from certificates.models.signatures import Signature


class TimeStamp(models.Model):
    """Hold the time stamp over one signature's file; never changed, never removed (SIGN-4).

    `der` is the authority's whole answer (RFC 3161), `root_der` the root it was traced to.
    """

    signature = models.OneToOneField(Signature, models.PROTECT, related_name="time_stamp")
    der = models.BinaryField()
    root_der = models.BinaryField()
    serial = models.CharField(max_length=64)
    stamped_at = models.DateTimeField()
    kept_at = models.DateTimeField()

    class Meta:
        verbose_name = _("time stamp")
        verbose_name_plural = _("time stamps")

    def __str__(self) -> str:
        return f"{self.signature_id} {self.stamped_at:%Y-%m-%d %H:%M:%S}"


class AwaitedTimeStamp(models.Model):
    """Hold that a signature waits for its time stamp, and when it is next asked for.

    Written in the statement that stores the signature; goes when the time stamp is there.
    """

    signature = models.OneToOneField(
        Signature, models.PROTECT, related_name="awaited_time_stamp", primary_key=True
    )
    due_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("awaited time stamp")
        verbose_name_plural = _("awaited time stamps")
        indexes: ClassVar = [models.Index(fields=["due_at"], name="certificates_stamp_due")]

    def __str__(self) -> str:
        return f"{self.signature_id} {self.due_at:%Y-%m-%d %H:%M:%S}"
