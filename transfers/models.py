"""What is stored of payment orders and of the limits they count against."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from identity.models import Company
from kernel.machines import sources
from transfers.states import RESERVATION_VERBS, ReservationState


class PaymentOrder(models.Model):
    """Hold one transfer as its makers edit it; what counts after submission is the revision."""

    reference = models.CharField(_("reference"), max_length=24, unique=True)
    company = models.ForeignKey(Company, models.PROTECT, related_name="orders")
    from_account = models.ForeignKey("ledger.Account", models.PROTECT, related_name="+")
    payee_account = models.CharField(_("payee account"), max_length=16)
    payee_name = models.CharField(_("payee"), max_length=60)
    amount = models.DecimalField(_("amount"), max_digits=20, decimal_places=4)
    currency = models.CharField(_("currency"), max_length=3)
    value_date = models.DateField(_("value date"))
    memo = models.CharField(_("memo"), max_length=40, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    executed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfers_order_amount"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "-id"], name="transfers_order_recent"),
            models.Index(fields=["company", "payee_account"], name="transfers_order_payee"),
        ]

    def __str__(self) -> str:
        return self.reference


class Limit(models.Model):
    """Hold what a company may transfer of one currency, set by its branch or lowered by itself."""

    class Source(models.TextChoices):
        BRANCH = "BRANCH", _("set by the branch")
        OWN = "OWN", _("the company's own")

    company = models.ForeignKey(Company, models.PROTECT, related_name="limits")
    source = models.CharField(max_length=6, choices=Source.choices)
    currency = models.CharField(max_length=3)
    per_transaction = models.DecimalField(max_digits=20, decimal_places=4)
    per_day = models.DecimalField(max_digits=20, decimal_places=4)
    effective_from = models.DateField()
    effective_until = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = _("limit")
        verbose_name_plural = _("limits")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(per_transaction__gt=0, per_day__gte=F("per_transaction")),
                name="transfers_limit_sane",
            ),
            models.UniqueConstraint(
                fields=["company", "source", "currency", "effective_from"],
                name="transfers_limit_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} {self.currency} {self.per_day}"


class LimitCounter(models.Model):
    """Count what of a daily limit is reserved and used; a trigger holds the cap (LIM-2)."""

    company = models.ForeignKey(Company, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    day = models.DateField()
    reserved = models.DecimalField(max_digits=20, decimal_places=4, default=0)
    used = models.DecimalField(max_digits=20, decimal_places=4, default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "currency", "day"], name="transfers_counter_once"
            ),
            models.CheckConstraint(
                condition=Q(reserved__gte=0, used__gte=0), name="transfers_counter_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company_id} {self.day}"


class Reservation(FSMModelMixin, models.Model):
    """Hold what one revision reserved of a day's limit; ended once, for good."""

    key = models.CharField(max_length=40, unique=True)
    counter = models.ForeignKey(LimitCounter, models.PROTECT, related_name="reservations")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    state = FSMField(
        default=ReservationState.RESERVED,
        choices=[(str(state), str(state)) for state in ReservationState],
        protected=True,
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfers_reservation_amount"),
        ]

    def __str__(self) -> str:
        return self.key

    @transition(
        field=state, source=sources(RESERVATION_VERBS, "consume"), target=ReservationState.CONSUMED
    )
    def consume(self) -> None:
        """Count as used: the transfer was released."""

    @transition(
        field=state, source=sources(RESERVATION_VERBS, "free"), target=ReservationState.FREED
    )
    def free(self) -> None:
        """Give back: returned, rejected, withdrawn or expired."""
