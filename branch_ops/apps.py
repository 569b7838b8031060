from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BranchOpsConfig(AppConfig):
    name = "branch_ops"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Bring the bank's own kinds to the approval engine."""
        from approvals import kinds  # noqa: PLC0415 - rows and operations load only when all apps are ready
        from branch_ops.subjects import KINDS  # noqa: PLC0415 - the same

        for kind in KINDS:
            kinds.register(kind())


class StaffAdminConfig(AdminConfig):
    """Bring the admin to the staff site; it is named in that site's settings alone."""

    default = False
    default_site = "branch_ops.admin.StaffSite"

    def ready(self) -> None:
        """Open the windows of all rooms, and then of this one, whose admin package is the site."""
        super().ready()
        import_module("branch_ops.admin.stock")
