"""What can go wrong at the customer's door."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import Conflict, RuleBroken


class SignInRefused(RuleBroken):
    """Say the one thing that is said of every sign-in that failed (AUTH-1)."""

    def __init__(self) -> None:
        super().__init__(
            "enterprise.sign_in.refused",
            _("The company code, login name or password is not right."),
        )


class SignInPaused(RuleBroken):
    """Say, after a right password only, that sign-in is paused (AUTH-1, AUTH-2)."""

    def __init__(self) -> None:
        super().__init__(
            "enterprise.sign_in.paused",
            _("Your sign-in is paused. Your security supervisor or your branch can lift it."),
        )


class PreviewChanged(Conflict):
    """Say that what would stop is no longer what the page showed (CERT-9)."""

    def __init__(self) -> None:
        super().__init__(
            "enterprise.certificates.preview_changed",
            _("The waiting requests have changed since. Open the page again and look at them."),
        )
