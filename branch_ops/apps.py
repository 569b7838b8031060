from django.apps import AppConfig


class BranchOpsConfig(AppConfig):
    name = "branch_ops"
    default_auto_field = "django.db.models.BigAutoField"
