from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransfersConfig(AppConfig):
    name = "transfers"
    verbose_name = _("Transfers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Bring this room's kinds to the approval engine."""
        from approvals import kinds  # noqa: PLC0415 - rows and operations load only when all apps are ready
        from transfers.subjects import TransferKind  # noqa: PLC0415 - the same

        kinds.register(TransferKind())
