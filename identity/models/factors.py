"""What shows, beside the password, that a person is who they say: passkeys and one-time codes."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from identity.models.people import User


class Passkey(models.Model):
    """Hold one passkey of a person of the bank: a second factor of signing in, nothing else."""

    user = models.ForeignKey(User, models.PROTECT, related_name="passkeys")
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.PositiveBigIntegerField(default=0)
    name = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")

    def __str__(self) -> str:
        return f"{self.user_id} {self.name}"


class PasskeyChallenge(models.Model):
    """Hold one question put to an authenticator; answered once, by the session it was put to."""

    challenge = models.BinaryField(unique=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    session_key_sha256 = models.CharField(max_length=64)
    purpose = models.CharField(
        max_length=10, choices=[("register", "register"), ("sign in", "sign in")]
    )
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.user_id} {self.purpose}"


class OneTimeCode(models.Model):
    """Hold one code that was sent to a person's phone or mail, to be typed back once.

    Only its HMAC is stored. `subject` is what the code is for, in hexadecimal: the SHA-256 of the
    transaction's statement, of the address to be verified, or empty text (AUTH-7, AUTH-9).
    """

    class Purpose(models.TextChoices):
        """Say what a code lets its holder do."""

        CONTACT = "contact", _("verify an address")
        ACTIVATION = "activation", _("set a password")
        PASSKEY = "passkey", _("register a passkey")
        TRANSACTION = "transaction", _("verify a transaction")

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    subject = models.CharField(max_length=64, blank=True)
    code_hmac = models.CharField(max_length=64)
    channel = models.CharField(max_length=5)
    tries_left = models.PositiveSmallIntegerField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("one-time code")
        verbose_name_plural = _("one-time codes")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "purpose"],
                condition=Q(closed_at__isnull=True),
                name="identity_code_one_open",
            ),
            models.CheckConstraint(
                condition=Q(used_at__isnull=True) | Q(closed_at__isnull=False),
                name="identity_code_used_is_closed",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="identity_code_lasts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.purpose}"
