"""The staff window on the outbox: how far each message came, never what it says."""

from __future__ import annotations

from django.contrib import admin

from alerts.models import Message


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin):
    """Show delivery state (ALR-4); the text belongs to its reader."""

    list_display = (
        "created_at",
        "event",
        "channel",
        "company_key",
        "recipient_key",
        "state",
        "attempts",
        "delivered_at",
        "last_error",
    )
    list_filter = ("state", "channel", "event")
    search_fields = ("recipient_key", "company_key", "cause")
    exclude = ("subject", "body", "address")
    ordering = ("-id",)
