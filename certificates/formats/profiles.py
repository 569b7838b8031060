"""What the authority's certificates can be: purposes, key storages, policies, names, reasons."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID

from certificates.formats.signers import Signer

POLICY_ARC: Final = "2.25.245121855464182604802239874607713180115.1"
"""Root of the bank's certificate policies; an arc made of a UUID needs no registration."""


class KeyStorage(StrEnum):
    """Name where a holder's private key is kept."""

    HARDWARE = "HARDWARE"
    SOFTWARE = "SOFTWARE"
    BROWSER = "BROWSER"


POLICY_OIDS: Final = {
    KeyStorage.HARDWARE: x509.ObjectIdentifier(f"{POLICY_ARC}.1"),
    KeyStorage.SOFTWARE: x509.ObjectIdentifier(f"{POLICY_ARC}.2"),
    KeyStorage.BROWSER: x509.ObjectIdentifier(f"{POLICY_ARC}.3"),
}


class Purpose(StrEnum):
    """Name what a holder's certificate is for."""

    SIGNING = "SIGNING"
    AUTHENTICATION = "AUTHENTICATION"


class Service(StrEnum):
    """Name a service of the authority that signs with a certificate of its own."""

    OCSP_RESPONDER = "OCSP_RESPONDER"
    TIME_STAMPING = "TIME_STAMPING"
    EVIDENCE_SEAL = "EVIDENCE_SEAL"


class RevocationReason(StrEnum):
    """Name why a certificate is on the list.

    RFC 5280 5.3.1 without removeFromCRL, which readers of a full list take for 'not revoked'.
    """

    UNSPECIFIED = "UNSPECIFIED"
    KEY_COMPROMISE = "KEY_COMPROMISE"
    AFFILIATION_CHANGED = "AFFILIATION_CHANGED"
    SUPERSEDED = "SUPERSEDED"
    CESSATION_OF_OPERATION = "CESSATION_OF_OPERATION"
    CERTIFICATE_HOLD = "CERTIFICATE_HOLD"
    PRIVILEGE_WITHDRAWN = "PRIVILEGE_WITHDRAWN"


@dataclass(frozen=True)
class HolderName:
    """Who a certificate is about; `unified_number` is the company's tax number (統一編號)."""

    common_name: str
    organization: str
    unified_number: str
    holder_number: str

    def to_x509(self) -> x509.Name:
        """Return the distinguished name."""
        return x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "TW"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.organization),
                x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, f"VATTW-{self.unified_number}"),
                x509.NameAttribute(NameOID.SERIAL_NUMBER, self.holder_number),
                x509.NameAttribute(NameOID.COMMON_NAME, self.common_name),
            ]
        )


@dataclass(frozen=True)
class Issuer:
    """The authority that signs: its key, its certificate and where it answers about revocation."""

    signer: Signer
    certificate: bytes
    crl_url: str
    ocsp_url: str


@dataclass(frozen=True)
class RevokedEntry:
    """One certificate on a revocation list."""

    serial: int
    revoked_at: datetime
    reason: RevocationReason


def authority_name(name: str) -> x509.Name:
    """Return the distinguished name of an authority or one of its services."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TW"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def key_usage(
    *, digital_signature: bool = False, content_commitment: bool = False, authority: bool = False
) -> x509.KeyUsage:
    """Return a key usage with just these powers; `authority` signs certificates and lists."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
