from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LedgerConfig(AppConfig):
    name = "ledger"
    verbose_name = _("Accounts and postings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Offer the embedded ledger as the default core host (TRF-3)."""
        from ledger import gateways, operations  # noqa: PLC0415 - models exist from here on only

        gateways.register(gateways.EMBEDDED, operations.EmbeddedLedger())
