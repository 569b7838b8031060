"""The 165 bytes a holder's key signs: a fixed DER SET with three holes.

contentType, signingTime, messageDigest and signingCertificateV2 in DER order (RFC 5652 5.3,
RFC 5035, ETSI EN 319 122-1 level B-B). The browser and the card agent build the same bytes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_CONTENT_TYPE: Final = bytes.fromhex("301806092a864886f70d010903310b06092a864886f70d010701")
_SIGNING_TIME: Final = bytes.fromhex("301c06092a864886f70d010905310f170d")
_MESSAGE_DIGEST: Final = bytes.fromhex("302f06092a864886f70d01090431220420")
_SIGNING_CERTIFICATE: Final = bytes.fromhex(
    "3037060b2a864886f70d010910022f3128302630243022" + "0420"
)
_HEADER: Final = bytes.fromhex("3181a2") + _CONTENT_TYPE + _SIGNING_TIME

LENGTH: Final = 165
"""Length in bytes of every signed-attributes SET of this profile."""

_TIME_START: Final = len(_HEADER)
_TIME_END: Final = _TIME_START + 13
_DIGEST_START: Final = _TIME_END + len(_MESSAGE_DIGEST)
_CERTIFICATE_START: Final = _DIGEST_START + 32 + len(_SIGNING_CERTIFICATE)


def build_signed_attributes(
    *, message_digest: bytes, certificate_sha256: bytes, signing_time: datetime
) -> bytes:
    """Return the 165 bytes to be signed.

    `message_digest` is SHA-256 of the statement, `certificate_sha256` SHA-256 of the certificate's
    DER, both 32 bytes; `signing_time` an aware time in whole seconds, 1950 to 2049 (UTCTime).
    ValueError for anything else (RFC 5652 11.3).
    """
    if len(message_digest) != 32 or len(certificate_sha256) != 32:
        raise ValueError("digests must be 32 bytes")
    return b"".join(
        (
            _HEADER,
            _utc_time(signing_time),
            _MESSAGE_DIGEST,
            message_digest,
            _SIGNING_CERTIFICATE,
            certificate_sha256,
        )
    )


def read_signed_attributes(data: bytes) -> tuple[bytes, bytes, datetime]:
    """Return (message digest, certificate SHA-256, signing time) of a SET of this profile.

    ValueError when `data` is anything but the exact bytes `build_signed_attributes` makes.
    """
    if len(data) != LENGTH:
        raise ValueError("signed attributes have another shape")
    digest = data[_DIGEST_START : _DIGEST_START + 32]
    certificate = data[_CERTIFICATE_START:]
    text = data[_TIME_START:_TIME_END].decode("ascii")
    year = int(text[:2])
    century = "20" if year < 50 else "19"
    time = datetime.strptime(century + text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    rebuilt = build_signed_attributes(
        message_digest=digest, certificate_sha256=certificate, signing_time=time
    )
    if rebuilt != data:
        raise ValueError("signed attributes have another shape")
    return digest, certificate, time


def read_signing_time(text: str) -> datetime:
    """Return the aware time of a form field such as `2026-11-22T13:55:33Z`, or ValueError."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def _utc_time(time: datetime) -> bytes:
    if time.tzinfo is None or time.microsecond:
        raise ValueError("signing time must be aware and in whole seconds")
    utc = time.astimezone(UTC)
    if not 1950 <= utc.year <= 2049:
        raise ValueError("signing time does not fit a UTCTime")
    return utc.strftime("%y%m%d%H%M%SZ").encode("ascii")
