from django.apps import AppConfig


class TransfersConfig(AppConfig):
    name = "transfers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Bring this room's kinds to the approval engine."""
        from approvals import kinds  # noqa: PLC0415 - rows and operations load only when all apps are ready
        from transfers.subjects import TransferKind  # noqa: PLC0415 - the same

        kinds.register(TransferKind())
