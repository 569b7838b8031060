"""What can go wrong with people and their powers."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Conflict, NotAllowed, RuleBroken


class PasswordRefused(StrEnum):
    """Name why a new password is refused (PWD-1)."""

    TOO_SHORT = "identity.password.too_short"
    TOO_LONG = "identity.password.too_long"
    SPACES = "identity.password.spaces"
    NOT_MIXED = "identity.password.not_mixed"
    REPEATED = "identity.password.repeated"
    SEQUENTIAL = "identity.password.sequential"
    LOGIN_NAME = "identity.password.login_name"
    USED_BEFORE = "identity.password.used_before"


_PASSWORD_MESSAGES: dict[PasswordRefused, str | Promise] = {
    PasswordRefused.TOO_SHORT: _(
        "A password has at least 8 characters, that of the bank's staff at least 12."
    ),
    PasswordRefused.TOO_LONG: _("A password has at most 128 characters."),
    PasswordRefused.SPACES: _("A password holds no spaces, neither half- nor full-width."),
    PasswordRefused.NOT_MIXED: _("A password mixes letters and digits."),
    PasswordRefused.REPEATED: _("A password does not repeat a character four times in a row."),
    PasswordRefused.SEQUENTIAL: _(
        "A password holds no four characters in sequence, such as 1234 or DCBA."
    ),
    PasswordRefused.LOGIN_NAME: _("A password does not hold the login name."),
    PasswordRefused.USED_BEFORE: _("This is one of your last three passwords."),
}


class WeakPassword(RuleBroken):
    """Refuse a new password for a named reason."""

    def __init__(self, reason: PasswordRefused) -> None:
        super().__init__(reason.value, _PASSWORD_MESSAGES[reason], field="new")
        self.reason = reason


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


class PasswordWrong(RuleBroken):
    """Say that the present password was not right; it counts as one at signing in does."""

    def __init__(self) -> None:
        super().__init__(
            "identity.password.wrong",
            _("The present password is not right. After three in a row your sign-in is paused."),
            field="old",
        )
