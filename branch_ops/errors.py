"""What can go wrong at the staff window."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import NotAllowed, NotFound, RuleBroken

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


class HolderElsewhere(NotFound):
    """Say that there is no such person at a customer of the reader's branch."""

    def __init__(self) -> None:
        super().__init__("counter.holder_unknown", _("There is no such person at your customers."))


class ApplicationRefused(RuleBroken):
    """Refuse an application for a certificate for a named reason (CERT-1)."""

    def __init__(self, reason: str, *, field: str = "") -> None:
        messages: dict[str, str | Promise] = {
            "not_in_force": _("The person or the company is not in force."),
            "waiting": _("An application of this person is under way already."),
            "storage": _("The bank does not accept keys kept there."),
            "no_card": _("A card needs its number; a key in the browser has none."),
            "card_gone": _("This card is not in the branch's stock."),
        }
        super().__init__(f"counter.application.{reason}", messages[reason], field=field)


class JobRefused(RuleBroken):
    """Say in one sentence why something cannot be done to a certificate as it stands."""

    def __init__(self, why: str | Promise, *, field: str = "") -> None:
        super().__init__("counter.job_refused", why, field=field)


class LetterHeldBack(RuleBroken):
    """Say why a letter is not printed now: by whom, for which fee, on what paper (CERT-1)."""

    def __init__(self, reason: str) -> None:
        messages: dict[str, str | Promise] = {
            "proposer": _("You asked for this letter: somebody else of the branch prints it."),
            "fee": _("The fee is not settled: take it or have it waived first."),
        }
        super().__init__(f"counter.letter.{reason}", messages[reason])
