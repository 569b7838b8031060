"""The staff window on fees, tariffs, equipment, its movements and requisitions."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet

from branch_ops.models import (
    EquipmentItem,
    EquipmentMovement,
    EquipmentRequisition,
    FeeAccount,
    FeeItem,
    FeeTariff,
)
from branch_ops.queries.equipment import visible_items, visible_requisitions
from identity.models import User
from identity.queries import visible_companies


@admin.register(FeeTariff)
class FeeTariffAdmin(admin.ModelAdmin):
    list_display = ("code", "amount", "currency", "valid_from")
    ordering = ("code", "-valid_from")

    def visible(self, actor: User, rows: QuerySet[FeeTariff]) -> QuerySet[FeeTariff]:
        """Return all tariffs: they hang in every branch."""
        return rows


@admin.register(FeeAccount)
class FeeAccountAdmin(admin.ModelAdmin):
    list_display = ("company", "account", "designated_at")
    search_fields = ("company__code", "company__name")

    def visible(self, actor: User, rows: QuerySet[FeeAccount]) -> QuerySet[FeeAccount]:
        """Return the fee accounts of companies the reader may see."""
        return rows.filter(company__in=visible_companies(actor))


@admin.register(FeeItem)
class FeeItemAdmin(admin.ModelAdmin):
    list_display = ("target", "company", "amount", "currency", "state", "charged_at", "settled_at")
    list_filter = ("state", "paid_from")
    search_fields = ("company__code", "company__name", "target", "receipt_number")
    ordering = ("-id",)

    def visible(self, actor: User, rows: QuerySet[FeeItem]) -> QuerySet[FeeItem]:
        """Return the fees of companies the reader may see."""
        return rows.filter(company__in=visible_companies(actor))

    def audit_target(self, row: FeeItem) -> str:
        """Return the name the audit log knows a fee by."""
        return f"fee:{row.pk}"


@admin.register(EquipmentItem)
class EquipmentItemAdmin(admin.ModelAdmin):
    list_display = ("serial_number", "kind", "received_at")
    list_filter = ("kind",)
    search_fields = ("serial_number",)
    ordering = ("-id",)
    related = (
        (
            EquipmentMovement, "item",
            ("number", "kind", "from_unit", "to_unit", "company", "reference", "reason", "at"),
        ),
    )  # fmt: skip

    def visible(self, actor: User, rows: QuerySet[EquipmentItem]) -> QuerySet[EquipmentItem]:
        """Return the items the reader's unit answers for, or all for the bank's own units."""
        return rows.filter(pk__in=visible_items(actor).values("pk"))

    def audit_target(self, row: EquipmentItem) -> str:
        """Return the name the audit log knows an item by."""
        return f"equipment:{row.serial_number}"


@admin.register(EquipmentMovement)
class EquipmentMovementAdmin(admin.ModelAdmin):
    list_display = ("item", "number", "kind", "from_unit", "to_unit", "company", "at")
    list_filter = ("kind",)
    search_fields = ("item__serial_number", "reference")
    ordering = ("-id",)

    def visible(
        self, actor: User, rows: QuerySet[EquipmentMovement]
    ) -> QuerySet[EquipmentMovement]:
        """Return the movements of items the reader may see."""
        return rows.filter(item__in=visible_items(actor).values("pk"))


@admin.register(EquipmentRequisition)
class EquipmentRequisitionAdmin(admin.ModelAdmin):
    list_display = ("number", "unit", "kind", "quantity", "state", "requested_at")
    list_filter = ("state", "kind")
    search_fields = ("number",)
    ordering = ("-id",)

    def visible(
        self, actor: User, rows: QuerySet[EquipmentRequisition]
    ) -> QuerySet[EquipmentRequisition]:
        """Return the requisitions of the reader's unit, or all for the bank's own units."""
        return rows.filter(pk__in=visible_requisitions(actor).values("pk"))

    def audit_target(self, row: EquipmentRequisition) -> str:
        """Return the name the audit log knows a requisition by."""
        return f"requisition:{row.number}"
