"""What can go wrong when two operators let one of the IT security pair in again."""

from __future__ import annotations

from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kernel.errors import RuleBroken


class BreakGlassReason(StrEnum):
    """Name why nobody was let in."""

    NOT_IT_SECURITY = "identity.break_glass.not_it_security"
    TWO_OPERATORS = "identity.break_glass.two_operators"
    UNKNOWN_OPERATOR = "identity.break_glass.unknown_operator"
    OWN_CASE = "identity.break_glass.own_case"
    NO_WATCHER = "identity.break_glass.no_watcher"
    NO_REASON = "identity.break_glass.no_reason"


_MESSAGES: dict[BreakGlassReason, str | Promise] = {
    BreakGlassReason.NOT_IT_SECURITY: _(
        "This is nobody of IT security: the unit above lets everybody else in again."
    ),
    BreakGlassReason.TWO_OPERATORS: _("Name two different operators."),
    BreakGlassReason.UNKNOWN_OPERATOR: _("An operator is nobody of the bank who is active."),
    BreakGlassReason.OWN_CASE: _("Nobody vouches for themselves."),
    BreakGlassReason.NO_WATCHER: _("One of the operators has to be of IT security or an auditor."),
    BreakGlassReason.NO_REASON: _("Give a reason of at most 200 characters."),
}


class BreakGlassRefused(RuleBroken):
    """Say why two operators may not let this person in again (AUTH-9)."""

    def __init__(self, reason: BreakGlassReason) -> None:
        super().__init__(reason, _MESSAGES[reason])
        self.reason = reason
