"""Sessions, the devices they come from, and the forms that are filled in during one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from identity.models.people import User
from identity.policies import Factor


class Session(models.Model):
    """Hold one sign-in, live until ended or idle too long (SES-1, AUTH-3).

    The cookie's value is never stored, only its SHA-256. `factor` is a Factor: how the person has
    shown who they are so far, and since when. What was unusual about the sign-in is kept with it
    (AUTH-6): `device_sha256` names the browser by the digest of a cookie it keeps. `is_half_in` is
    one that was opened on a password beside a session that has shown more: it lives for minutes,
    and takes the other's place when its person has shown a second factor too (AUTH-1).
    """

    key_sha256 = models.CharField(max_length=64, primary_key=True)
    site = models.CharField(max_length=10)
    user = models.ForeignKey(User, models.PROTECT, related_name="sessions")
    factor = models.CharField(max_length=10, default=Factor.PASSWORD)
    stepped_up_at = models.DateTimeField(null=True, blank=True)
    is_half_in = models.BooleanField(default=False)
    device_sha256 = models.CharField(max_length=64, blank=True)
    is_new_device = models.BooleanField(default=False)
    is_new_place = models.BooleanField(default=False)
    is_out_of_hours = models.BooleanField(default=False)
    data = models.JSONField(default=dict)
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    idle_minutes = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=20, blank=True)
    # Not stored: how long before the idle end the person is warned, by the policy of this moment.
    warning_seconds: int = 0

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ended_at__isnull=True, is_half_in=False),
                name="identity_session_one_live",
            ),
            models.UniqueConstraint(
                fields=["user"],
                condition=Q(ended_at__isnull=True, is_half_in=True),
                name="identity_session_one_half_in",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["user", "-started_at"], name="identity_session_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.started_at:%Y-%m-%d %H:%M}"


class FormPost(models.Model):
    """Hold that a form was sent once, and what came of it (TRF-8)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    key = models.CharField(max_length=64)
    outcome = models.CharField(max_length=80)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "key"], name="identity_form_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.key}"


class KnownDevice(models.Model):
    """Hold that a person has signed in from a browser and a network before (AUTH-6).

    `place` is the network part of the address: a change of it is a change of place as far as the
    bank can see.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    device_sha256 = models.CharField(max_length=64)
    place = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["user", "device_sha256", "place"], name="identity_device_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.place}"


class FormDraft(models.Model):
    """Hold what somebody had typed into a form that was not sent, until they are back (SES-1)."""

    user = models.ForeignKey(User, models.PROTECT, related_name="+")
    path = models.CharField(max_length=200)
    fields = models.JSONField(default=dict)
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "path"], name="identity_draft_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.path}"
