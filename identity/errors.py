"""What can go wrong with people and their powers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import NotAllowed


class PermissionMissing(NotAllowed):
    """Say that no role in force gives this permission."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            "identity.permission_missing",
            _("Your roles do not include this function."),
            permission=permission,
        )
