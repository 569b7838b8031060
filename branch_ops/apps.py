from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class BranchOpsConfig(AppConfig):
    name = "branch_ops"
    default_auto_field = "django.db.models.BigAutoField"


class StaffAdminConfig(AdminConfig):
    """Bring the admin to the staff site; it is named in that site's settings alone."""

    default = False
    default_site = "branch_ops.admin.StaffSite"

    def ready(self) -> None:
        """Open the windows of all rooms, and then of this one, whose admin package is the site."""
        super().ready()
        import_module("branch_ops.admin.stock")
