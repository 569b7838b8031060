"""What can go wrong in the alerts room."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import NotFound, RuleBroken


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


class PublicationRefused(RuleBroken):
    """Say why something cannot be put on the sign-in pages; `field` is what is to be mended."""


def texts_missing(field: str) -> PublicationRefused:
    """Return the refusal of what is not said in both languages."""
    message = _("Write it in Chinese and in English.")
    return PublicationRefused("alerts.publication.texts_missing", message, field=field)


def text_too_long(field: str, most: int) -> PublicationRefused:
    """Return the refusal of a text that is longer than the page has room for."""
    message = _("This is too long: at most %(most)s characters.")
    return PublicationRefused("alerts.publication.text_too_long", message, field=field, most=most)


def dates_reversed() -> PublicationRefused:
    """Return the refusal of news that would end before it begins."""
    message = _("The last day lies before the first one.")
    return PublicationRefused("alerts.bulletin.dates", message, field="until_date")


def file_not_handed_out() -> PublicationRefused:
    """Return the refusal of a file of a kind that is not handed out."""
    message = _("Only PDF, ODT, DOCX and XLSX files without macros and scripts are handed out.")
    return PublicationRefused("alerts.publication.media_type", message, field="content")


def file_too_large(most: int) -> PublicationRefused:
    """Return the refusal of a file that is too large; `most` is in mebibytes."""
    message = _("The file is larger than %(most)s MB.")
    return PublicationRefused("alerts.publication.size", message, field="content", most=most)


def file_there_already() -> PublicationRefused:
    """Return the refusal of a file that is handed out already."""
    message = _("This very file is handed out already.")
    return PublicationRefused("alerts.publication.again", message, field="content")


class PublicationGone(NotFound):
    """Say that what was looked for does not stand on the sign-in pages (any more)."""

    def __init__(self) -> None:
        super().__init__("alerts.publication.gone", _("This is not published any more."))
