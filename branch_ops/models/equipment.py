"""What is stored of equipment: items, the ledger of their movements, what branches ask for."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from branch_ops.states import (
    REQUISITION_VERBS,
    EquipmentKind,
    MovementKind,
    RequisitionState,
)
from identity.models import Company, Unit
from kernel.machines import sources


class EquipmentItem(models.Model):
    """Hold one card, reader or letter form by its serial number; where it is, movements tell."""

    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.value) for kind in EquipmentKind]
    )
    serial_number = models.CharField(max_length=40, unique=True)
    received_at = models.DateTimeField()

    class Meta:
        verbose_name = _("equipment")
        verbose_name_plural = _("equipment")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(serial_number__regex=r"^[0-9A-Z-]{4,40}$"),
                name="branch_ops_serial_number",
            ),
        ]

    def __str__(self) -> str:
        return self.serial_number


class EquipmentMovement(models.Model):
    """Hold one movement of one item; never changed, never removed (EQP-1).

    `from_unit` and `to_unit` are where it was and is in stock, null outside the bank's stock;
    `unit` answers for it afterwards: where it is, or where it was given out or written off.
    Movements of an item are numbered from 1 without gaps.
    """

    item = models.ForeignKey(
        EquipmentItem, models.PROTECT, related_name="movements", db_index=False
    )
    number = models.PositiveIntegerField()
    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.value) for kind in MovementKind]
    )
    from_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="equipment_left"
    )
    to_unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="equipment_came"
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="equipment_movements")
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="equipment_movements"
    )
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True,
        related_name="equipment_movements",
    )  # fmt: skip
    reference = models.CharField(max_length=60, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("movement of equipment")
        verbose_name_plural = _("movements of equipment")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["item", "number"], name="branch_ops_movement_once"),
            models.CheckConstraint(
                condition=Q(
                    kind=MovementKind.RECEIPT.value, number=1,
                    from_unit__isnull=True, to_unit__isnull=False,
                )
                | (
                    Q(
                        kind=MovementKind.REQUISITION.value, number__gt=1,
                        from_unit__isnull=False, to_unit__isnull=False,
                    )
                    & ~Q(from_unit=F("to_unit"))
                )
                | Q(
                    kind=MovementKind.ISSUE.value, number__gt=1,
                    from_unit__isnull=False, to_unit__isnull=True,
                )
                | Q(kind=MovementKind.RETURN.value, number__gt=1, to_unit__isnull=False)
                | Q(kind=MovementKind.WRITE_OFF.value, number__gt=1, to_unit__isnull=True),
                name="branch_ops_movement_way",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.item_id} {self.number} {self.kind}"


class EquipmentRequisition(FSMModelMixin, models.Model):
    """Hold what a unit asks the unit above it to send (EQP-1)."""

    number = models.CharField(_("requisition number"), max_length=12, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="requisitions")
    supplier = models.ForeignKey(Unit, models.PROTECT, related_name="requisitions_to_fulfil")
    kind = models.CharField(
        max_length=12, choices=[(kind.value, kind.value) for kind in EquipmentKind]
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    state = FSMField(
        _("state"),
        default=RequisitionState.OPEN.value,
        choices=[(state.value, state.value) for state in RequisitionState],
        protected=True,
    )
    requested_by = models.CharField(max_length=64)
    requested_at = models.DateTimeField()
    ended_by = models.CharField(max_length=64, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("requisition")
        verbose_name_plural = _("requisitions")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__gte=1, quantity__lte=1000),
                name="branch_ops_requisition_quantity",
            ),
            models.CheckConstraint(
                condition=~Q(unit=F("supplier")), name="branch_ops_requisition_two_units"
            ),
            models.CheckConstraint(
                condition=Q(state=RequisitionState.OPEN.value, ended_at__isnull=True)
                | (~Q(state=RequisitionState.OPEN.value) & Q(ended_at__isnull=False)),
                name="branch_ops_requisition_ended",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @transition(
        field=state, source=sources(REQUISITION_VERBS, "fulfil"), target=RequisitionState.FULFILLED
    )
    def fulfil(self) -> None:
        """Be met: the items are on their way and in the branch's stock."""

    @transition(
        field=state, source=sources(REQUISITION_VERBS, "decline"), target=RequisitionState.DECLINED
    )
    def decline(self) -> None:
        """Be refused by the unit that was asked."""

    @transition(
        field=state,
        source=sources(REQUISITION_VERBS, "withdraw"),
        target=RequisitionState.WITHDRAWN,
    )
    def withdraw(self) -> None:
        """Be taken back by the unit that asked."""
