"""What can go wrong in the alerts room."""

from __future__ import annotations


class UnknownEvent(LookupError):
    """Say that no message text exists for an event: a mistake of the program, not of a person."""


class DeliveryFailed(Exception):
    """Say that one message was not accepted by the mail server or the SMS gateway.

    `reason` is a short code that is safe to store and to log: never an address, never the text
    of the message, never what the other side wrote. `permanent` means that trying again cannot
    help; `unreachable` means that the service itself did not answer, so that the next message
    would fail the same way.
    """

    def __init__(self, reason: str, *, permanent: bool = False, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.unreachable = unreachable
