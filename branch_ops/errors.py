"""What can go wrong at the staff window."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import NotAllowed, RuleBroken

READ_ONLY = _("This window only shows. Changes are made as requests that a second person releases.")


class WindowReadOnly(NotAllowed):
    """Say that the window shows and never changes (DUAL-6)."""

    def __init__(self) -> None:
        super().__init__(
            "branch_ops.window_read_only",
            READ_ONLY,
        )


class SignInRefused(RuleBroken):
    """Say the one thing that is said of every sign-in that failed (AUTH-1)."""

    def __init__(self) -> None:
        super().__init__(
            "branch_ops.sign_in.refused", _("The login name or the password is not right.")
        )


class SignInPaused(RuleBroken):
    """Say, after a right password only, that sign-in is paused (AUTH-1, AUTH-2)."""

    def __init__(self) -> None:
        super().__init__(
            "branch_ops.sign_in.paused",
            _("Your sign-in is paused. The unit above yours can lift the pause."),
        )
