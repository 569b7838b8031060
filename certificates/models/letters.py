"""What is stored of letters and of enrolments under way."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from certificates.models.certificates import Certificate
from certificates.models.choices import choices
from certificates.policies import LETTER_TRIES
from certificates.states import LETTER_VERBS, OPEN_LETTER, LetterState
from kernel.machines import sources


class Letter(FSMModelMixin, models.Model):
    """Hold one sealed password letter: bound to one certificate and one purpose (CERT-2).

    Its secret is made when it is printed, once, and never stored; until then there is none, and
    the thirty days have not begun.
    """

    class Purpose(models.TextChoices):
        ENROL = "ENROL", _("Enrolment")
        UNSUSPEND = "UNSUSPEND", _("Lifting a suspension")

    number = models.CharField(_("letter number"), max_length=12, unique=True)
    holder = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="letters")
    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="letters")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    secret_hmac = models.BinaryField(max_length=32, null=True)
    state = FSMField(
        _("state"), default=LetterState.PREPARED, choices=choices(LetterState), protected=True
    )
    tries = models.PositiveSmallIntegerField(default=0)
    prepared_at = models.DateTimeField()
    printed_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(tries__lte=LETTER_TRIES), name="certificates_letter_tries"
            ),
            models.UniqueConstraint(
                fields=["certificate"],
                condition=Q(state__in=OPEN_LETTER),
                name="certificates_one_open_letter",
            ),
            models.CheckConstraint(
                condition=Q(
                    printed_at__isnull=True, secret_hmac__isnull=True, expires_at__isnull=True
                )
                | Q(printed_at__isnull=False, secret_hmac__isnull=False, expires_at__isnull=False),
                name="certificates_letter_printed_whole",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["PRINTED", "CONSUMED", "LOCKED"])
                | Q(printed_at__isnull=False),
                name="certificates_letter_printed",
            ),
            models.CheckConstraint(
                condition=~Q(state="PREPARED") | Q(printed_at__isnull=True),
                name="certificates_letter_prepared",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(field=state, source=sources(LETTER_VERBS, "print"), target=LetterState.PRINTED)
    def print(self) -> None:
        """Leave the bank, once."""

    @transition(field=state, source=sources(LETTER_VERBS, "consume"), target=LetterState.CONSUMED)
    def consume(self) -> None:
        """Be used, once."""

    @transition(field=state, source=sources(LETTER_VERBS, "lock"), target=LetterState.LOCKED)
    def lock(self) -> None:
        """Die after too many wrong tries."""

    @transition(field=state, source=sources(LETTER_VERBS, "expire"), target=LetterState.EXPIRED)
    def expire(self) -> None:
        """Die of age."""

    @transition(
        field=state, source=sources(LETTER_VERBS, "supersede"), target=LetterState.SUPERSEDED
    )
    def supersede(self) -> None:
        """Die because a newer letter exists."""


class Enrolment(models.Model):
    """Hold the nonce a person's certificate request must carry: one open enrolment for each."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, primary_key=True)
    session_key_sha256 = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.pk)
