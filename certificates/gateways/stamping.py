"""Who stamps the time: the bank's own authority, or one that answers over HTTP (RFC 3161)."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from certificates.errors import TimeStampReason, TimeStampRefused

QUESTION_TYPE = "application/timestamp-query"
ANSWER_TYPE = "application/timestamp-reply"
MOST_ANSWER_OCTETS = 65_536
TIMEOUT_SECONDS = 10


class TimeStampAuthority(Protocol):
    """Answer questions for time stamps; nothing is believed of an answer before it is checked."""

    @property
    def roots(self) -> Sequence[bytes]:
        """Return the roots (DER) that may stand at the end of the authority's chain."""

    def answer(self, question: bytes, *, now: datetime) -> bytes:
        """Return the DER answer to a DER question; TimeStampRefused when there is none."""


@dataclass(frozen=True)
class HttpTimeStampAuthority:
    """Ask an authority outside over HTTP (RFC 3161 3.4)."""

    url: str
    roots: Sequence[bytes]

    def answer(self, question: bytes, *, now: datetime) -> bytes:
        """Return what the authority answers; its clock says the time."""
        address = urlsplit(self.url)
        opened = http.client.HTTPSConnection if address.scheme == "https" else _PLAIN
        connection = opened(address.netloc, timeout=TIMEOUT_SECONDS)
        target = f"{address.path or '/'}{'?' if address.query else ''}{address.query}"
        headers = {"Content-Type": QUESTION_TYPE, "Accept": ANSWER_TYPE}
        try:
            connection.request("POST", target, body=question, headers=headers)
            answered = connection.getresponse()
            content = answered.read(MOST_ANSWER_OCTETS)
        except (http.client.HTTPException, OSError) as error:
            raise TimeStampRefused(TimeStampReason.UNREACHABLE) from error
        finally:
            connection.close()
        if answered.status != http.client.OK:
            raise TimeStampRefused(TimeStampReason.UNREACHABLE)
        if answered.headers.get_content_type() != ANSWER_TYPE:
            raise TimeStampRefused(TimeStampReason.MALFORMED)
        return content


_PLAIN = http.client.HTTPConnection


def outside_time_stamp_authority() -> TimeStampAuthority | None:
    """Return the authority of settings.TSA_URL, or None where the bank stamps by itself.

    Its root certificates stand in the PEM file settings.TSA_ROOTS_FILE.
    """
    if not settings.TSA_URL:
        return None
    if not settings.TSA_ROOTS_FILE:
        raise ImproperlyConfigured("Set TSA_ROOTS_FILE: whose time stamps at TSA_URL are believed.")
    found = x509.load_pem_x509_certificates(Path(settings.TSA_ROOTS_FILE).read_bytes())
    return HttpTimeStampAuthority(
        settings.TSA_URL, [one.public_bytes(Encoding.DER) for one in found]
    )
