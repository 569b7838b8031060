"""The figures of signing in, as rows: the bank changes them under dual control (AUTH-2, PWD-1)."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from identity.models.people import Company


def usual_notice_days() -> list[int]:
    """Return how many days before its end a password is told about, unless the bank says else."""
    return [14, 7, 1]


class SignInPolicy(models.Model):
    """Hold the bank's figures for signing in; one row (AUTH-2, AUTH-3, AUTH-10, SES-1, KEY-1).

    At most `address_limit` tries from one address and `account_limit` for one account go through
    in `limit_minutes`. `keypad_sign_milliseconds` is the least time a person needs for one sign on
    the keypad; what is faster is no person.
    """

    class Second(models.TextChoices):
        """Say what becomes of a sign-in while the person is signed in elsewhere (AUTH-3)."""

        TAKE_OVER = "take over", _("may end the first")
        REFUSE = "refuse", _("is refused")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    pause_after = models.PositiveSmallIntegerField(default=3)
    alarm_after = models.PositiveSmallIntegerField(default=20)
    idle_minutes = models.PositiveSmallIntegerField(default=10)
    warning_seconds = models.PositiveSmallIntegerField(default=120)
    absolute_hours = models.PositiveSmallIntegerField(default=8)
    second_sign_in = models.CharField(
        max_length=10, choices=Second.choices, default=Second.TAKE_OVER
    )
    address_limit = models.PositiveIntegerField(default=100)
    account_limit = models.PositiveIntegerField(default=30)
    limit_minutes = models.PositiveSmallIntegerField(default=10)
    code_tries = models.PositiveSmallIntegerField(default=3)
    code_minutes = models.PositiveSmallIntegerField(default=5)
    activation_hours = models.PositiveSmallIntegerField(default=24)
    keypad_offered = models.BooleanField(default=False)
    keypad_seconds = models.PositiveSmallIntegerField(default=120)
    keypad_sign_milliseconds = models.PositiveSmallIntegerField(default=80)
    number_offered = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("sign-in policy")
        verbose_name_plural = _("sign-in policy")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="identity_policy_single"),
            models.CheckConstraint(
                condition=Q(
                    pause_after__gte=1, alarm_after__gt=F("pause_after"), idle_minutes__gte=3
                ),
                name="identity_policy_sane",
            ),
            models.CheckConstraint(
                condition=Q(
                    pause_after__lte=10, alarm_after__lte=100,
                    idle_minutes__lte=30, absolute_hours__gte=1, absolute_hours__lte=12,
                    warning_seconds__gte=20, warning_seconds__lte=F("idle_minutes") * 30,
                    address_limit__gte=5, address_limit__lte=5000, account_limit__gte=5,
                    account_limit__lte=200, limit_minutes__gte=1, limit_minutes__lte=60,
                    code_tries__gte=1, code_tries__lte=5, code_minutes__gte=1, code_minutes__lte=10,
                    activation_hours__gte=1, activation_hours__lte=72,
                    keypad_seconds__gte=30, keypad_seconds__lte=600,
                    keypad_sign_milliseconds__gte=40, keypad_sign_milliseconds__lte=500,
                ),
                name="identity_policy_bounds",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return "sign-in policy"


class PasswordPolicy(models.Model):
    """Hold the bank's rules for passwords; one row (PWD-1).

    `run_length` is how many same or sequential characters in a row are too many, `remembered` how
    many passwords, the present one included, may not come back, `notice_days` how many days before
    its end a password's holder is told.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    shortest = models.PositiveSmallIntegerField(default=8)
    shortest_staff = models.PositiveSmallIntegerField(default=12)
    run_length = models.PositiveSmallIntegerField(default=4)
    remembered = models.PositiveSmallIntegerField(default=3)
    days_valid = models.PositiveSmallIntegerField(default=180)
    notice_days = ArrayField(models.PositiveSmallIntegerField(), default=usual_notice_days)

    class Meta:
        verbose_name = _("password policy")
        verbose_name_plural = _("password policy")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="identity_password_policy_single"),
            models.CheckConstraint(
                condition=Q(
                    shortest__gte=6, shortest__lte=32, shortest_staff__gte=F("shortest"),
                    shortest_staff__lte=32, run_length__gte=3, run_length__lte=5,
                    remembered__gte=3, remembered__lte=24, days_valid__gte=90, days_valid__lte=180,
                ),
                name="identity_password_policy_bounds",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return "password policy"


class CommonPassword(models.Model):
    """Hold a word the bank itself added to the list of passwords everybody guesses (PWD-1)."""

    word = models.CharField(max_length=128, unique=True)

    class Meta:
        verbose_name = _("common password")
        verbose_name_plural = _("common passwords")
        constraints: ClassVar = [
            models.CheckConstraint(condition=~Q(word=""), name="identity_common_password_said"),
        ]

    def __str__(self) -> str:
        return self.word


class CompanyPolicy(models.Model):
    """Hold what a company asks of its own people beyond the bank's rules (AUTH-5, AUTH-7).

    No row means: nothing more. From `code_from` TWD on, a release also asks for a transaction
    verification code, and for any amount in another currency; empty means never. Outside
    `usual_from` to `usual_until` (Asia/Taipei) a sign-in is marked as unusual (AUTH-6).
    """

    company = models.OneToOneField(
        Company, models.PROTECT, primary_key=True, related_name="sign_in_policy"
    )
    submit_with_card = models.BooleanField(default=False)
    code_from = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    usual_from = models.TimeField(null=True, blank=True)
    usual_until = models.TimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("company's sign-in policy")
        verbose_name_plural = _("companies' sign-in policies")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(code_from__isnull=True) | Q(code_from__gte=0),
                name="identity_company_policy_amount",
            ),
            models.CheckConstraint(
                condition=Q(usual_from__isnull=True, usual_until__isnull=True)
                | Q(usual_from__lt=F("usual_until")),
                name="identity_company_policy_hours",
            ),
        ]

    def __str__(self) -> str:
        return str(self.company_id)
