"""Where the revocation lists of outside authorities come from (CERT-11)."""

from __future__ import annotations

import http.client
import time
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from certificates.errors.external import ListNotFetched

TIMEOUT_SECONDS: Final = 20
LONGEST_SECONDS: Final = 60
CHUNK_OCTETS: Final = 64 * 1024
MOST_OCTETS: Final = 4 * 1024 * 1024
"""What is read at most; how much of it a list may have is for its format to say."""


class ListSource(Protocol):
    """Fetch revocation lists of outside issuers."""

    def fetch(self, *, issuer_sha256: str, url: str) -> bytes:
        """Return the bytes of an issuer's newest list, or raise ListNotFetched."""


class HttpListSource:
    """Fetch from the address configured for the issuer; no redirects, no other address."""

    def fetch(self, *, issuer_sha256: str, url: str) -> bytes:
        """Return what the address answers with, up to the most a list may have."""
        parts = urlsplit(url)
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if parts.scheme not in kinds or not parts.hostname:
            raise ListNotFetched("no address")
        path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        try:
            connection = kinds[parts.scheme](parts.hostname, parts.port, timeout=TIMEOUT_SECONDS)
            with closing(connection):
                connection.request("GET", path, headers={"Accept": "application/pkix-crl"})
                answer = connection.getresponse()
                if answer.status != http.client.OK:
                    raise ListNotFetched(f"status {answer.status}")
                return _read(answer)
        except (http.client.HTTPException, OSError, ValueError) as broken:
            raise ListNotFetched(type(broken).__name__) from None


class FileListSource:
    """Take each list from a file an operator or a transfer job puts there: `<fingerprint>.crl`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def fetch(self, *, issuer_sha256: str, url: str) -> bytes:
        """Return the content of the issuer's file."""
        try:
            with (self._directory / f"{issuer_sha256}.crl").open("rb") as file:
                return _bounded(file.read(MOST_OCTETS + 1))
        except OSError as broken:
            raise ListNotFetched(type(broken).__name__) from None


def list_source() -> ListSource:
    """Return where lists come from: settings.EXTERNAL_LISTS is `http` or `file`."""
    kind = settings.EXTERNAL_LISTS
    if kind == "http":
        return HttpListSource()
    if kind == "file" and settings.EXTERNAL_LISTS_DIRECTORY:
        return FileListSource(Path(settings.EXTERNAL_LISTS_DIRECTORY))
    raise ImproperlyConfigured("Set EXTERNAL_LISTS to http, or to file with its directory.")


def _read(answer: http.client.HTTPResponse) -> bytes:
    """Return an answer's body; one that trickles in for ever is given up."""
    deadline, data = time.monotonic() + LONGEST_SECONDS, bytearray()
    while chunk := answer.read1(CHUNK_OCTETS):
        data += chunk
        if len(data) > MOST_OCTETS or time.monotonic() > deadline:
            raise ListNotFetched("too large or too slow")
    return bytes(data)


def _bounded(data: bytes) -> bytes:
    if len(data) > MOST_OCTETS:
        raise ListNotFetched("too large")
    return data
