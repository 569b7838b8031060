"""What can go wrong anywhere, in five kinds that the edges know how to show."""

from __future__ import annotations

from typing import Any, ClassVar


def translatable(text: str) -> str:
    """Mark a text for the message catalogue; the edge that shows it translates it."""
    return text


class DomainError(Exception):
    """Say by name that a rule of the bank was not met.

    `code` is a stable machine name such as `limits.exceeded`; `message` is text for people
    (lazily translated where the room has words); `facts` are values that the message and the
    audit trail may show, so they never carry secrets. `field` names the form field the message
    belongs beside, where there is one.
    """

    status: ClassVar[int] = 500

    def __init__(self, code: str, message: object, *, field: str = "", **facts: Any) -> None:  # noqa: ANN401 - facts are whatever the message shows
        super().__init__(code)
        self.code = code
        self.message = message
        self.field = field
        self.facts = facts

    def __str__(self) -> str:
        """Return the message with its facts filled in, in the reader's language."""
        text = str(self.message)
        return text % self.facts if self.facts and "%(" in text else text


class NotFound(DomainError):
    """Say that nothing the actor may see has this name."""

    status = 404


class NotAllowed(DomainError):
    """Say that this person may not do this."""

    status = 403


class RuleBroken(DomainError):
    """Say that what was asked for breaks a rule; the asker can mend it."""

    status = 422


class Conflict(DomainError):
    """Say that somebody else was faster, or that the page is stale."""

    status = 409


class Busy(DomainError):
    """Say that a lock or a service did not answer in time; the same act may be tried again."""

    status = 503
