from django.apps import AppConfig


class EnterpriseConfig(AppConfig):
    name = "enterprise"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Bring the customer's own kinds to the approval engine."""
        from approvals import kinds  # noqa: PLC0415 - rows and operations load only when all apps are ready
        from enterprise.subjects import KINDS  # noqa: PLC0415 - the same

        for kind in KINDS:
            kinds.register(kind())
