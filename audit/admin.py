"""The staff window on the audit log; whose chains a reader may see, the staff site tells."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from audit.models import Chain, Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin):
    list_display = ("at", "chain", "position", "event", "outcome", "actor", "target")
    list_filter = ("outcome",)
    search_fields = ("=chain", "=target", "=actor", "=event", "=request_number")
    date_hierarchy = "at"
    ordering = ("-id",)
    fields = (
        "at", "chain", "position", "event", "event_code", "outcome", "actor", "target", "before",
        "after", "reason", "address", "request_number", "previous_seal", "seal",
    )  # fmt: skip

    @admin.display(description=_("event code"))
    def event_code(self, row: Entry) -> str:
        """Return the event as the log itself names it."""
        return row.event

    @admin.display(description=_("hash of the entry before"))
    def previous_seal(self, row: Entry) -> str:
        """Return the hash this entry continues from."""
        return bytes(row.previous_hash).hex()

    @admin.display(description=_("hash of this entry"))
    def seal(self, row: Entry) -> str:
        """Return the hash the next entry continues from."""
        return bytes(row.hash).hex()


@admin.register(Chain)
class ChainAdmin(admin.ModelAdmin):
    list_display = ("name", "height")
    search_fields = ("name",)
    fields = ("name", "height", "head_hash")

    @admin.display(description=_("hash of the last entry"))
    def head_hash(self, row: Chain) -> str:
        """Return the hash of the newest entry."""
        return bytes(row.head).hex()
