"""The staff window: the admin as a place to look, where nothing can be changed (DUAL-6)."""

from branch_ops.admin.site import StaffSite
from branch_ops.admin.window import Window

__all__ = ["StaffSite", "Window"]
