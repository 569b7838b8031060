"""What is stored of certificates and of the cards that hold their keys."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from certificates.formats.external_lists import OutsideStatus
from certificates.formats.profiles import KeyStorage, Purpose, RevocationReason
from certificates.models.authority import CertificateAuthority
from certificates.models.choices import choices
from certificates.models.external import ExternalIssuer
from certificates.policies import PIN_TRIES, SUSPENSIONS_MOST
from certificates.states import (
    CARD_VERBS,
    CERTIFICATE_VERBS,
    LIVE,
    WAITING,
    WITHOUT_KEY,
    CardState,
    CertificateState,
)
from kernel.machines import sources


class Card(FSMModelMixin, models.Model):
    """Hold one card; a virtual one is a key in the holder's browser behind a PIN (SIGN-6).

    A card of plastic has a serial number, begins in the stock of a unit and gets its holder when
    it is assigned.
    """

    class Kind(models.TextChoices):
        VIRTUAL = "VIRTUAL", _("Virtual card")
        HARDWARE = "HARDWARE", _("Card")

    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="cards"
    )
    serial_number = models.CharField(
        _("card number"), max_length=40, null=True, blank=True, unique=True
    )
    unit = models.ForeignKey(
        "identity.Unit", models.PROTECT, null=True, blank=True, related_name="cards"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = FSMField(default=CardState.IN_STOCK, choices=choices(CardState), protected=True)
    pin_hash = models.CharField(max_length=200, blank=True)
    # Wrong PINs in a row.
    pin_tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("card")
        verbose_name_plural = _("cards")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(pin_tries__lte=PIN_TRIES), name="certificates_pin_tries"
            ),
            models.CheckConstraint(
                condition=~Q(kind="VIRTUAL", pin_hash=""), name="certificates_virtual_pin"
            ),
            models.CheckConstraint(
                condition=Q(state="IN_STOCK", holder__isnull=True, unit__isnull=False)
                | (~Q(state="IN_STOCK") & (Q(holder__isnull=False) | Q(state="DAMAGED"))),
                name="certificates_card_place",
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=True) | Q(serial_number__isnull=False),
                name="certificates_card_numbered",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @transition(field=state, source=sources(CARD_VERBS, "assign"), target=CardState.ASSIGNED)
    def assign(self) -> None:
        """Give to its holder."""

    @transition(field=state, source=sources(CARD_VERBS, "return"), target=CardState.IN_STOCK)
    def return_(self) -> None:
        """Go back to the stock it came from, never used."""

    @transition(field=state, source=sources(CARD_VERBS, "activate"), target=CardState.ACTIVE)
    def activate(self) -> None:
        """Put to use: its key has proved itself."""

    @transition(field=state, source=sources(CARD_VERBS, "suspend"), target=CardState.SUSPENDED)
    def suspend(self) -> None:
        """Take out of use for a while."""

    @transition(field=state, source=sources(CARD_VERBS, "restore"), target=CardState.ACTIVE)
    def restore(self) -> None:
        """Put to use again."""

    @transition(field=state, source=sources(CARD_VERBS, "lock"), target=CardState.LOCKED)
    def lock(self) -> None:
        """Shut after too many wrong PINs."""

    @transition(field=state, source=sources(CARD_VERBS, "report_lost"), target=CardState.PERM_LOST)
    def report_lost(self) -> None:
        """Write off as lost."""

    @transition(field=state, source=sources(CARD_VERBS, "report_damaged"), target=CardState.DAMAGED)
    def report_damaged(self) -> None:
        """Write off as damaged."""

    @transition(field=state, source=sources(CARD_VERBS, "terminate"), target=CardState.TERMINATED)
    def terminate(self) -> None:
        """End its use."""


def _may_be_suspended_again(certificate: Certificate) -> bool:
    return certificate.suspensions < SUSPENSIONS_MOST


def _was_suspended_often(certificate: Certificate) -> bool:
    return certificate.suspensions >= SUSPENSIONS_MOST


class Certificate(FSMModelMixin, models.Model):
    """Hold one certificate from its application to its end (CERT-3).

    Until it is issued there is no key and nothing to show the world. `functions` None means every
    function; `amount_cap` None means no cap, and so with the first and last day (CERT-6).
    A signing certificate is accompanied by one for signing in, on the same card: the two are in
    the same state at every commit. One that `renews` another starts issued, with its count.
    """

    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="certificates"
    )
    purpose = models.CharField(max_length=20, choices=choices(Purpose))
    state = FSMField(
        _("state"),
        default=CertificateState.APPLIED,
        choices=choices(CertificateState),
        protected=True,
    )
    state_since = models.DateTimeField()
    suspensions = models.PositiveSmallIntegerField(_("suspensions"), default=0)
    functions = ArrayField(models.CharField(max_length=60), null=True, blank=True)
    amount_cap = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    amount_cap_currency = models.CharField(max_length=3, default="TWD")
    scope_from = models.DateField(_("first day of use"), null=True, blank=True)
    scope_until = models.DateField(_("last day of use"), null=True, blank=True)
    companion = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="principal"
    )
    renews = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="renewals"
    )
    applied_at = models.DateTimeField()
    card = models.ForeignKey(
        Card, models.PROTECT, null=True, blank=True, related_name="certificates"
    )
    storage = models.CharField(max_length=10, choices=choices(KeyStorage), blank=True)
    # Whose key signed it, and whose list and answers tell of it.
    issuer = models.ForeignKey(
        CertificateAuthority, models.PROTECT, null=True, blank=True, related_name="certificates"
    )
    # Of an outside authority (CERT-11): its issuer, what the issuer's list says, until when.
    external_issuer = models.ForeignKey(
        ExternalIssuer, models.PROTECT, null=True, blank=True, related_name="certificates"
    )
    outside_status = models.CharField(max_length=10, choices=choices(OutsideStatus), blank=True)
    outside_good_until = models.DateTimeField(null=True, blank=True)
    # An outside one begins with its authority's code, so that it never passes for one of ours.
    serial_number = models.CharField(max_length=60, null=True, blank=True, unique=True)
    der = models.BinaryField(null=True)
    sha256 = models.CharField(max_length=64, null=True, blank=True, unique=True)
    public_key_sha256 = models.CharField(max_length=64, null=True, blank=True, unique=True)
    not_before = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    # Since when and why it is on the revocation list.
    listed_at = models.DateTimeField(null=True, blank=True)
    listed_reason = models.CharField(max_length=30, choices=choices(RevocationReason), blank=True)

    class Meta:
        verbose_name = _("certificate")
        verbose_name_plural = _("certificates")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["holder", "purpose"],
                condition=Q(state__in=LIVE),
                name="certificates_one_live",
            ),
            models.UniqueConstraint(
                fields=["holder", "purpose"],
                condition=Q(state__in=WAITING),
                name="certificates_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(suspensions__lte=SUSPENSIONS_MOST), name="certificates_two_suspensions"
            ),
            models.CheckConstraint(
                condition=Q(state__in=WITHOUT_KEY, der__isnull=True, serial_number__isnull=True)
                | (
                    ~Q(state__in=WITHOUT_KEY)
                    & Q(
                        der__isnull=False,
                        serial_number__isnull=False,
                        sha256__isnull=False,
                        public_key_sha256__isnull=False,
                        not_after__gt=F("not_before"),
                        issued_at__isnull=False,
                    )
                    & ~Q(storage="")
                ),
                name="certificates_issued_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    external_issuer__isnull=True,
                    outside_status="",
                    outside_good_until__isnull=True,
                )
                | (Q(external_issuer__isnull=False) & ~Q(outside_status="")),
                name="certificates_outside_whole",
            ),
            models.CheckConstraint(
                condition=Q(amount_cap__isnull=True) | Q(amount_cap__gt=0),
                name="certificates_cap_positive",
            ),
            models.CheckConstraint(
                condition=Q(scope_until__isnull=True)
                | Q(scope_from__isnull=True)
                | Q(scope_until__gte=F("scope_from")),
                name="certificates_scope_days",
            ),
            models.CheckConstraint(
                condition=Q(companion__isnull=True) | Q(purpose="SIGNING"),
                name="certificates_companion_of_signing",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["id"],
                condition=Q(state__in=["SUSPENDED", "UNSUSPENDING", "REVOKED"]),
                name="certificates_listed",
            ),
        ]

    def __str__(self) -> str:
        return self.serial_number or f"{self.purpose} {self.pk}"

    @transition(
        field=state,
        source=sources(CERTIFICATE_VERBS, "print_letter"),
        target=CertificateState.LETTER_PRINTED,
    )
    def print_letter(self) -> None:
        """Wait for the holder, who has got the letter."""

    @transition(
        field=state,
        source=sources(CERTIFICATE_VERBS, "withdraw"),
        target=CertificateState.CANCELLED,
    )
    def withdraw(self) -> None:
        """End an application without a certificate."""

    @transition(
        field=state,
        source=sources(CERTIFICATE_VERBS, "lose_letter"),
        target=CertificateState.APPLIED,
    )
    def lose_letter(self) -> None:
        """Wait for another letter: the first expired, was locked or superseded."""

    @transition(
        field=state, source=sources(CERTIFICATE_VERBS, "enrol"), target=CertificateState.ISSUED
    )
    def enrol(self) -> None:
        """Be issued for the holder's key; not usable yet (CERT-2)."""

    @transition(
        field=state, source=sources(CERTIFICATE_VERBS, "bind"), target=CertificateState.ISSUED
    )
    def bind(self) -> None:
        """Be accepted as another authority issued it; not usable yet (CERT-11)."""

    @transition(
        field=state, source=sources(CERTIFICATE_VERBS, "confirm"), target=CertificateState.ACTIVE
    )
    def confirm(self) -> None:
        """Come into force: the card has signed the challenge (CERT-2)."""

    @transition(
        field=state,
        source=sources(CERTIFICATE_VERBS, "suspend"),
        target=CertificateState.SUSPENDED,
        conditions=[_may_be_suspended_again],  # type: ignore[list-item]  # rows of this model alone
    )
    def suspend(self) -> None:
        """Be put on hold at once, and count it (CERT-3)."""
        self.suspensions += 1

    @transition(
        field=state,
        source=sources(CERTIFICATE_VERBS, "suspend_finally"),
        target=CertificateState.REVOKED,
        conditions=[_was_suspended_often],  # type: ignore[list-item]  # the same
    )
    def suspend_finally(self) -> None:
        """Be revoked by the third suspension (CERT-4)."""

    @transition(
        field=state,
        source=sources(CERTIFICATE_VERBS, "release_unsuspension"),
        target=CertificateState.UNSUSPENDING,
    )
    def release_unsuspension(self) -> None:
        """Wait for the holder's letter and card, still on hold (CERT-4)."""

    @transition(
        field=state, source=sources(CERTIFICATE_VERBS, "activate"), target=CertificateState.ACTIVE
    )
    def activate(self) -> None:
        """Come into force again (CERT-4)."""

    @transition(
        field=state,
        source=sources(CERTIFICATE_VERBS, "lose_unsuspension_letter"),
        target=CertificateState.SUSPENDED,
    )
    def lose_unsuspension_letter(self) -> None:
        """Stay on hold: the letter expired or was locked; not counted again."""

    @transition(
        field=state, source=sources(CERTIFICATE_VERBS, "revoke"), target=CertificateState.REVOKED
    )
    def revoke(self) -> None:
        """End for ever (CERT-5)."""

    @transition(
        field=state, source=sources(CERTIFICATE_VERBS, "expire"), target=CertificateState.EXPIRED
    )
    def expire(self) -> None:
        """End because its time is over."""


class CertificateEvent(models.Model):
    """Hold one change of a certificate's state; never changed, never removed."""

    certificate = models.ForeignKey(Certificate, models.PROTECT, related_name="events")
    at = models.DateTimeField()
    verb = models.CharField(max_length=30)
    source = models.CharField(max_length=20, blank=True)
    target = models.CharField(max_length=20)
    suspensions = models.PositiveSmallIntegerField()
    actor = models.CharField(max_length=64)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("certificate event")
        verbose_name_plural = _("certificate events")

    def __str__(self) -> str:
        return f"{self.certificate_id} {self.verb}"
