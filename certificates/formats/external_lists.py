"""Revocation lists of outside authorities (RFC 5280 5): only full, fresh, direct ones count."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from certificates.errors.external import ExternalReason, ExternalRefused
from certificates.formats.external_paths import STRONG_HASHES, load, value_of

LIST_SIZE_MAXIMUM: Final = 3 * 1024 * 1024
"""Octets of a revocation list, some eighty thousand entries: each signature carries one."""


class OutsideStatus(StrEnum):
    """Name what the world says of an outside certificate."""

    GOOD = "GOOD"
    ON_HOLD = "ON_HOLD"
    REVOKED = "REVOKED"


@dataclass(frozen=True)
class OutsideList:
    """What a revocation list says of itself; `number` is 0 where it has none."""

    number: int
    this_update: datetime
    next_update: datetime
    entries: int


def read_list(der: bytes, *, issuer: bytes, now: datetime) -> OutsideList:
    """Return a list's facts, or raise ExternalRefused unless `issuer` (DER) signed it, fresh.

    A list of another issuer, a partial, indirect or delta one, one from the future or past its
    next update is refused by name.
    """
    crl = _load_list(der)
    _check_signer(crl, load(issuer))
    try:
        for extension in crl.extensions:
            delta = extension.oid == x509.DeltaCRLIndicator.oid
            partial = extension.oid == x509.IssuingDistributionPoint.oid
            if delta or partial or extension.critical:
                raise ExternalRefused(ExternalReason.LIST_PARTIAL)
        number = _number(crl)
    except ValueError as error:
        raise ExternalRefused(ExternalReason.LIST_MALFORMED) from error
    if crl.next_update_utc is None or not crl.last_update_utc <= now < crl.next_update_utc:
        raise ExternalRefused(ExternalReason.LIST_STALE)
    return OutsideList(number, crl.last_update_utc, crl.next_update_utc, len(crl))


def statuses_in(der: bytes) -> dict[int, OutsideStatus]:
    """Return what a list that was read before says of the serial numbers it names."""
    return {entry.serial_number: _status(entry) for entry in _load_list(der)}


def status_in(der: bytes, serial: int) -> OutsideStatus:
    """Return what a list that was read before says of a serial number."""
    entry = _load_list(der).get_revoked_certificate_by_serial_number(serial)
    if entry is None:
        return OutsideStatus.GOOD
    return _status(entry)


def _status(entry: x509.RevokedCertificate) -> OutsideStatus:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return OutsideStatus.REVOKED
    except ValueError as error:
        raise ExternalRefused(ExternalReason.LIST_MALFORMED) from error
    on_hold = reason is x509.ReasonFlags.certificate_hold
    return OutsideStatus.ON_HOLD if on_hold else OutsideStatus.REVOKED


def _load_list(der: bytes) -> x509.CertificateRevocationList:
    if len(der) > LIST_SIZE_MAXIMUM:
        raise ExternalRefused(ExternalReason.LIST_MALFORMED)
    try:
        return x509.load_der_x509_crl(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ExternalRefused(ExternalReason.LIST_MALFORMED) from error


def _check_signer(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> None:
    if crl.issuer != issuer.subject:
        raise ExternalRefused(ExternalReason.LIST_OF_ANOTHER)
    usage = value_of(issuer, x509.KeyUsage)
    try:
        valid = isinstance(crl.signature_hash_algorithm, STRONG_HASHES) and (
            crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        )
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        valid = False
    if not valid or usage is None or not usage.crl_sign:
        raise ExternalRefused(ExternalReason.LIST_FORGED)


def _number(crl: x509.CertificateRevocationList) -> int:
    try:
        return crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    except x509.ExtensionNotFound:
        return 0
