"""What is stored of fees: tariffs, fee accounts, and each fee from its charge to its end."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from branch_ops.states import FEE_VERBS, FeeState, PaidFrom, Tariff
from identity.models import Company
from kernel.machines import sources
from kernel.money import DECIMALS

CURRENCIES = [(code, code) for code in DECIMALS]


class FeeTariff(models.Model):
    """Hold what one service costs from a date on; never changed, a new row takes its place."""

    code = models.CharField(
        _("fee"), max_length=30, choices=[(tariff.value, tariff.value) for tariff in Tariff]
    )
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3, choices=CURRENCIES)
    valid_from = models.DateField()

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="branch_ops_tariff_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="branch_ops_tariff_amount"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.valid_from}"


class FeeAccount(models.Model):
    """Hold from which of its accounts a company pays the bank's fees (FEE-1)."""

    company = models.OneToOneField(Company, models.PROTECT, related_name="fee_account")
    account = models.ForeignKey("ledger.Account", models.PROTECT, related_name="+")
    designated_at = models.DateTimeField()

    class Meta:
        verbose_name = _("fee account")
        verbose_name_plural = _("fee accounts")

    def __str__(self) -> str:
        return f"{self.company_id} {self.account_id}"


class FeeItem(FSMModelMixin, models.Model):
    """Hold one fee of a company; `target` names what it is for, such as `certificate:7` (FEE-1).

    The posting is named by its reference: `FEE-<id>`, given back by `FEE-<id>-REFUND`.
    """

    company = models.ForeignKey(Company, models.PROTECT, related_name="fees")
    target = models.CharField(max_length=60, db_index=True)
    tariff = models.ForeignKey(FeeTariff, models.PROTECT, related_name="items")
    amount = models.DecimalField(max_digits=20, decimal_places=4)
    currency = models.CharField(max_length=3, choices=CURRENCIES)
    state = FSMField(
        _("state"),
        default=FeeState.DUE.value,
        choices=[(state.value, state.value) for state in FeeState],
        protected=True,
    )
    charged_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    paid_from = models.CharField(
        max_length=10, choices=[(place.value, place.value) for place in PaidFrom], blank=True
    )
    receipt_number = models.CharField(_("receipt number"), max_length=20, blank=True)
    posting_reference = models.CharField(max_length=64, null=True, blank=True, unique=True)
    refunded_at = models.DateTimeField(null=True, blank=True)
    # The requests by which a second person let it be waived or given back (DUAL-6).
    waiver_reference = models.CharField(max_length=24, blank=True)
    refund_reference = models.CharField(max_length=24, blank=True)

    class Meta:
        verbose_name = _("fee")
        verbose_name_plural = _("fees")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="branch_ops_fee_amount"),
            models.CheckConstraint(
                condition=Q(
                    state=FeeState.DUE.value, settled_at__isnull=True, paid_from="",
                    posting_reference__isnull=True, waiver_reference="", refunded_at__isnull=True,
                )
                | (
                    Q(
                        state=FeeState.WAIVED.value, settled_at__isnull=False, paid_from="",
                        posting_reference__isnull=True, refunded_at__isnull=True,
                    )
                    & ~Q(waiver_reference="")
                )
                | (
                    Q(settled_at__isnull=False, posting_reference__isnull=False)
                    & ~Q(paid_from="")
                    & (
                        Q(state=FeeState.PAID.value, refunded_at__isnull=True, refund_reference="")
                        | (
                            Q(state=FeeState.REFUNDED.value, refunded_at__isnull=False)
                            & ~Q(refund_reference="")
                        )
                    )
                ),
                name="branch_ops_fee_whole",
            ),
            models.CheckConstraint(
                condition=~Q(paid_from=PaidFrom.COUNTER.value, receipt_number=""),
                name="branch_ops_fee_receipt",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.target} {self.tariff_id}"

    @transition(field=state, source=sources(FEE_VERBS, "collect"), target=FeeState.PAID)
    def collect(self) -> None:
        """Be paid, from an account or at the counter."""

    @transition(field=state, source=sources(FEE_VERBS, "waive"), target=FeeState.WAIVED)
    def waive(self) -> None:
        """Be let go by two people of the bank."""

    @transition(field=state, source=sources(FEE_VERBS, "refund"), target=FeeState.REFUNDED)
    def refund(self) -> None:
        """Be given back by two people of the bank."""
