"""What can go wrong with people and their powers."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import Conflict, NotAllowed


class PermissionMissing(NotAllowed):
    """Say that no role in force gives this permission."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            "identity.permission_missing",
            _("Your roles do not include this function."),
            permission=permission,
        )


class StandingChanged(Conflict):
    """Say that a right the act rests on was taken away while it was on its way."""

    def __init__(self) -> None:
        super().__init__(
            "identity.standing_changed",
            _("Your rights were changed in this moment. Look at the request again."),
        )
