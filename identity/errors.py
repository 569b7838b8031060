"""What can go wrong with people and their powers."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import Busy, Conflict, NotAllowed, NotFound, RuleBroken


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


class StepUpNeeded(NotAllowed):
    """Say that this act asks for the card (or a passkey), and only the password was given so far.

    Pages lead to the step-up and back; scripts are told (AUTH-5).
    """

    def __init__(self) -> None:
        super().__init__(
            "identity.step_up_needed",
            _("Confirm with your card first: a password alone is not enough for this."),
        )


class StandingChanged(Conflict):
    """Say that a right the act rests on was taken away while it was on its way."""

    def __init__(self) -> None:
        super().__init__(
            "identity.standing_changed",
            _("Your rights were changed in this moment. Look at the request again."),
        )


class NowhereToSend(RuleBroken):
    """Say that a person has no phone and no mail address to send a code to."""

    def __init__(self) -> None:
        super().__init__(
            "identity.code.nowhere",
            _("No phone and no e-mail address is registered. Call the unit in charge of you."),
        )


class CodeRefused(RuleBroken):
    """Say that a code that was typed is not the one that was sent."""

    def __init__(self) -> None:
        super().__init__("identity.code.wrong", _("The code is not right."), field="code")


class CodeGone(RuleBroken):
    """Say that there is no code to be typed any more: used up, too old or never sent."""

    def __init__(self) -> None:
        super().__init__(
            "identity.code.gone",
            _("This code is not valid any more. Ask for a new one."),
            field="code",
        )


class DoorShut(Busy):
    """Say that nobody can sign in for the moment, because what counts tries does not answer."""

    def __init__(self) -> None:
        super().__init__(
            "identity.door_shut",
            _("Signing in is not possible at the moment. Please try again in a few minutes."),
        )


class PasswordWrong(RuleBroken):
    """Say that the present password was not right; it counts as one at signing in does."""

    def __init__(self) -> None:
        super().__init__(
            "identity.password.wrong",
            _("The present password is not right. After three in a row your sign-in is paused."),
            field="old",
        )


class NotOffered(NotFound):
    """Say that the bank does not offer this way of entering a password."""

    def __init__(self) -> None:
        super().__init__("identity.entry.not_offered", _("This is not offered at the moment."))


class TooManyEntries(Busy):
    """Say that one network address asked for too many keypads and pictures in a short time."""

    def __init__(self) -> None:
        super().__init__(
            "identity.entry.too_many",
            _("Too many tries from your network. Wait a few minutes."),
        )
