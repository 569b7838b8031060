"""What can go wrong with passkeys."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import NotFound, RuleBroken


class PasskeysImpossible(RuleBroken):
    """Say that this address of the site is none that authenticators can know it by."""

    def __init__(self) -> None:
        super().__init__(
            "identity.passkey.impossible",
            _("Passkeys do not work at this address of the site. Tell your IT department."),
        )


class PasskeyRefused(RuleBroken):
    """Say that an authenticator's answer was not accepted; why is in the log alone."""

    def __init__(self) -> None:
        super().__init__(
            "identity.passkey.refused", _("This passkey was not accepted. Please try again.")
        )


class PasskeyGone(RuleBroken):
    """Say that the question an authenticator answered is not open any more."""

    def __init__(self) -> None:
        super().__init__("identity.passkey.gone", _("That took too long. Please start once more."))


class TooManyPasskeys(RuleBroken):
    """Say that a person has as many passkeys as anybody may have."""

    def __init__(self) -> None:
        super().__init__(
            "identity.passkey.too_many",
            _("You have five passkeys already. End one that you do not use any more."),
        )


class LastFactor(RuleBroken):
    """Say that without this passkey its holder could not come in any more."""

    def __init__(self) -> None:
        super().__init__(
            "identity.passkey.last",
            _("This is your only second factor. Add another one first."),
        )


class PasskeyUnknown(NotFound):
    """Say that a person has no such passkey in use."""

    def __init__(self) -> None:
        super().__init__("identity.passkey.unknown", _("You have no such passkey."))
