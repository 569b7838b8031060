"""The staff window on transfers, limits and how far they are used."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet

from identity.models import User
from identity.queries import visible_companies
from transfers.models import Limit, LimitCounter, PaymentOrder, Reservation


@admin.register(PaymentOrder)
class PaymentOrderAdmin(admin.ModelAdmin):
    list_display = (
        "reference", "company", "from_account", "payee_account", "payee_name", "amount", "currency",
        "value_date", "executed_at",
    )  # fmt: skip
    list_filter = ("currency",)
    search_fields = ("reference", "payee_account", "payee_name", "company__code", "company__name")
    date_hierarchy = "value_date"
    ordering = ("-id",)

    def visible(self, actor: User, rows: QuerySet[PaymentOrder]) -> QuerySet[PaymentOrder]:
        """Return the transfers of companies the reader may see."""
        return rows.filter(company__in=visible_companies(actor))

    def audit_target(self, row: PaymentOrder) -> str:
        """Return the name the audit log knows a transfer's request by."""
        return f"request:{row.reference}"


@admin.register(Limit)
class LimitAdmin(admin.ModelAdmin):
    list_display = (
        "company", "source", "currency", "per_transaction", "per_day", "effective_from",
        "effective_until",
    )  # fmt: skip
    list_filter = ("source", "currency")
    search_fields = ("company__code", "company__name")

    def visible(self, actor: User, rows: QuerySet[Limit]) -> QuerySet[Limit]:
        """Return the limits of companies the reader may see."""
        return rows.filter(company__in=visible_companies(actor))

    def audit_target(self, row: Limit) -> str:
        """Return the name the audit log knows a limit by."""
        return f"limit:{row.company.code}:{row.currency}"


@admin.register(LimitCounter)
class LimitCounterAdmin(admin.ModelAdmin):
    list_display = ("company", "currency", "day", "reserved", "used")
    list_filter = ("currency",)
    search_fields = ("company__code", "company__name")
    date_hierarchy = "day"
    ordering = ("-day", "-id")
    inspected_as = "transfers.limit"
    related = ((Reservation, "counter", ("key", "amount", "state")),)

    def visible(self, actor: User, rows: QuerySet[LimitCounter]) -> QuerySet[LimitCounter]:
        """Return the use of limits of companies the reader may see."""
        return rows.filter(company__in=visible_companies(actor))
