"""The mail server and the SMS gateway behind two small ports, with doubles that record."""

from __future__ import annotations

import http.client
import json
import smtplib
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.module_loading import import_string

from alerts.errors import DeliveryFailed

TIMEOUT_SECONDS = 10
MOST_ANSWER_OCTETS = 65_536
# What an HTTP gateway means by 'this message will never be taken'; 401 and 404 are our own fault
# and mended by an operator, so those are tried again.
REFUSED_FOR_GOOD = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class Parcel:
    """Carry one finished message to a gateway; `key` is the same at every attempt (ALR-2)."""

    key: str
    address: str
    subject: str
    body: str
    language: str


class Gateway(Protocol):
    """Hand finished messages to the outside world, over one connection kept until closed."""

    def send(self, parcel: Parcel) -> None:
        """Return when the other side has accepted the message; raise DeliveryFailed otherwise."""

    def close(self) -> None:
        """Give the connection back. Never raises."""


class EmailGateway(Gateway, Protocol):
    """Send e-mail."""


class SmsGateway(Gateway, Protocol):
    """Send short messages."""


class SmtpEmailGateway:
    """Send through Django's configured mail backend over one SMTP connection per batch."""

    def __init__(self) -> None:
        self._connection: BaseEmailBackend | None = None

    def send(self, parcel: Parcel) -> None:
        """Send one plain-text letter whose Message-ID is the parcel's key."""
        letter = EmailMessage(
            parcel.subject,
            parcel.body,
            settings.DEFAULT_FROM_EMAIL,
            [parcel.address],
            headers={
                "Message-ID": f"<{parcel.key}>",
                "Auto-Submitted": "auto-generated",
                "Content-Language": parcel.language,
            },
        )
        connection = self._opened()
        try:
            connection.send_messages([letter])
        except ValueError:  # a line break in a header, an address that is none
            raise DeliveryFailed("not fit for a mail header", permanent=True) from None
        except smtplib.SMTPRecipientsRefused as refused:
            codes = [code for code, _ in refused.recipients.values()]
            raise _smtp_failure(min(codes), for_good=True) from None
        except smtplib.SMTPDataError as refused:
            raise _smtp_failure(refused.smtp_code, for_good=True) from None
        except smtplib.SMTPResponseException as refused:
            self.close()
            raise _smtp_failure(refused.smtp_code, for_good=False) from None
        except (smtplib.SMTPException, OSError) as broken:
            self.close()
            raise DeliveryFailed(f"smtp {type(broken).__name__}") from None

    def close(self) -> None:
        """Say goodbye to the mail server."""
        if self._connection is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._connection.close()
            self._connection = None

    def _opened(self) -> BaseEmailBackend:
        if self._connection is None:
            connection = get_connection()
            try:
                connection.open()
            except (smtplib.SMTPException, OSError) as broken:
                reason = f"smtp unreachable {type(broken).__name__}"
                raise DeliveryFailed(reason, unreachable=True) from None
            self._connection = connection
        return self._connection


def _smtp_failure(code: int, *, for_good: bool) -> DeliveryFailed:
    """Return the failure for a reply code; 5xx about one letter is final (RFC 5321)."""
    return DeliveryFailed(f"smtp {code}", permanent=for_good and code >= 500)


class HttpSmsGateway:
    """Send through a gateway that speaks JSON over HTTP, with one kept-alive connection.

    POST {"to", "text"} with `Idempotency-Key` and `Authorization: Bearer`; any 2xx is acceptance.
    """

    def __init__(self) -> None:
        self._address = urlsplit(settings.SMS_GATEWAY_URL)
        self._connection: http.client.HTTPConnection | None = None

    def send(self, parcel: Parcel) -> None:
        """Send one short message whose idempotency key is the parcel's key."""
        status = self._post(self._opened(), parcel)
        if not 200 <= status < 300:
            raise DeliveryFailed(f"http {status}", permanent=status in REFUSED_FOR_GOOD)

    def close(self) -> None:
        """Close the connection to the gateway."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, connection: http.client.HTTPConnection, parcel: Parcel) -> int:
        path = self._address.path or "/"
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": parcel.key,
            "Authorization": f"Bearer {settings.SMS_GATEWAY_TOKEN}",
        }
        body = json.dumps({"to": parcel.address, "text": parcel.body}).encode()
        try:
            connection.request("POST", path, body=body, headers=headers)
            answer = connection.getresponse()
            whole = len(answer.read(MOST_ANSWER_OCTETS)) < MOST_ANSWER_OCTETS
        except (http.client.HTTPException, OSError) as broken:
            self.close()
            raise DeliveryFailed(f"http {type(broken).__name__}") from None
        if answer.will_close or not whole:
            self.close()
        return answer.status

    def _opened(self) -> http.client.HTTPConnection:
        if self._connection is None:
            connection = self._new_connection()
            try:
                connection.connect()
            except OSError as broken:
                reason = f"http unreachable {type(broken).__name__}"
                raise DeliveryFailed(reason, unreachable=True) from None
            self._connection = connection
        return self._connection

    def _new_connection(self) -> http.client.HTTPConnection:
        host, port = self._address.hostname, self._address.port
        if host and self._address.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS)
        if host and self._address.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        # Letters still go out; short messages wait until an operator has mended the settings.
        raise DeliveryFailed("SMS_GATEWAY_URL is not set", unreachable=True)


class RecordingGateway:
    """Keep what would have been sent, in memory of this process; for tests and dry runs."""

    accepted: ClassVar[list[Parcel]]

    def __init_subclass__(cls) -> None:
        cls.accepted = []

    def send(self, parcel: Parcel) -> None:
        """Accept everything."""
        self.accepted.append(parcel)

    def close(self) -> None:
        """Have nothing to close."""


class RecordingEmailGateway(RecordingGateway):
    """Record letters."""


class RecordingSmsGateway(RecordingGateway):
    """Record short messages."""


def email_gateway() -> EmailGateway:
    """Return the configured way to send e-mail (ALERTS_EMAIL_GATEWAY, a dotted name)."""
    name = getattr(settings, "ALERTS_EMAIL_GATEWAY", "alerts.gateways.SmtpEmailGateway")
    gateway: EmailGateway = import_string(name)()
    return gateway


def sms_gateway() -> SmsGateway:
    """Return the configured way to send short messages (ALERTS_SMS_GATEWAY, a dotted name)."""
    name = getattr(settings, "ALERTS_SMS_GATEWAY", "alerts.gateways.HttpSmsGateway")
    gateway: SmsGateway = import_string(name)()
    return gateway
