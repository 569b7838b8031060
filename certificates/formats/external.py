"""Certificates of an accredited outside authority: is this one fit to be bound here? (CERT-11)

Path validation after RFC 5280 6.1 for the few shapes such authorities use: one configured root,
configured issuers under it, full revocation lists. What is not understood is refused, never
ignored: name constraints, other critical extensions, partial and delta lists.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certificates.errors import RequestReason, RequestRefused
from certificates.errors.external import ExternalReason, ExternalRefused
from certificates.formats.external_lists import OutsideStatus, read_list, status_in
from certificates.formats.external_paths import (
    STRONG_HASHES,
    Trust,
    check_authority,
    check_understood,
    find_path,
    policies_of,
    to_der,
    value_of,
)
from certificates.formats.profiles import KeyStorage
from certificates.formats.requests import check_key

SIZE_MAXIMUM: Final = 16 * 1024
"""Octets of an uploaded certificate, PEM included; real ones have two or three thousand."""

_ANY_POLICY: Final = "2.5.29.32.0"
_ANY_USAGE: Final = ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE
_DOCUMENT_SIGNING: Final = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
_SIGNING_USAGES: Final = {_ANY_USAGE, _DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION}
_PEM_BEGIN: Final = b"-----BEGIN"


class Check(StrEnum):
    """Name what is looked at, in this order."""

    CHAIN = "CHAIN"
    AUTHORITIES = "AUTHORITIES"
    VALIDITY = "VALIDITY"
    CONSTRAINTS = "CONSTRAINTS"
    POLICY = "POLICY"
    KEY_USAGE = "KEY_USAGE"
    KEY = "KEY"
    REVOCATION = "REVOCATION"


@dataclass(frozen=True)
class ExternalCertificate:
    """What an outside certificate says; digests in hex, serial number as hex digits."""

    der: bytes
    sha256: str
    public_key_sha256: str
    serial_number: str
    subject: str
    common_name: str
    issuer: str
    not_before: datetime
    not_after: datetime
    policies: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """How one check came out: `reason` None is passed; not `looked` is for lack of a chain."""

    check: Check
    looked: bool
    reason: ExternalReason | None


@dataclass(frozen=True)
class Examination:
    """What was read of a certificate and how every check came out.

    `chain` holds the authorities' DER from its issuer up, the root left out; `storage` is where
    its policy says the key is kept; `good_until` is when the first revocation list runs out.
    """

    certificate: ExternalCertificate
    outcomes: tuple[Outcome, ...]
    issuer_sha256: str
    chain: tuple[bytes, ...]
    storage: KeyStorage | None
    good_until: datetime | None

    @property
    def refusal(self) -> ExternalReason | None:
        """Return the first reason to refuse it, or None."""
        return next((one.reason for one in self.outcomes if one.reason is not None), None)


@dataclass(frozen=True)
class _Facts:
    """The certificate under examination and its path: holder first, root last."""

    leaf: x509.Certificate
    path: Sequence[x509.Certificate]
    trust: Trust
    lists: Sequence[bytes]
    now: datetime


def read_upload(data: bytes) -> bytes:
    """Return the DER of one uploaded certificate in PEM or DER, or raise ExternalRefused."""
    if len(data) > SIZE_MAXIMUM:
        raise ExternalRefused(ExternalReason.TOO_LARGE)
    try:
        if _PEM_BEGIN in data:
            found = x509.load_pem_x509_certificates(data)
            if len(found) != 1:
                raise ExternalRefused(ExternalReason.NOT_ONE)
            certificate = found[0]
        else:
            certificate = x509.load_der_x509_certificate(data)
        certificate.extensions  # noqa: B018 - parsed on first use: refuses twice-named ones
        return certificate.public_bytes(serialization.Encoding.DER)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ExternalRefused(ExternalReason.MALFORMED) from error


def describe(der: bytes) -> ExternalCertificate:
    """Return what a certificate says, whatever it is worth. Raises ExternalRefused."""
    try:
        leaf = x509.load_der_x509_certificate(der)
        policies = value_of(leaf, x509.CertificatePolicies)
        names = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return ExternalCertificate(
            der=der,
            sha256=hashlib.sha256(der).hexdigest(),
            public_key_sha256=_key_sha256(leaf),
            serial_number=f"{leaf.serial_number:x}",
            subject=leaf.subject.rfc4514_string(),
            common_name=str(names[0].value) if names else "",
            issuer=leaf.issuer.rfc4514_string(),
            not_before=leaf.not_valid_before_utc,
            not_after=leaf.not_valid_after_utc,
            policies=tuple(one.policy_identifier.dotted_string for one in policies or ()),
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ExternalRefused(ExternalReason.MALFORMED) from error


def examine(der: bytes, *, trust: Trust, lists: Sequence[bytes], now: datetime) -> Examination:
    """Return what a certificate says and how every check comes out at `now` (CERT-11).

    `lists` are the authorities' newest revocation lists (DER), in any order. Raises
    ExternalRefused only where the bytes are no certificate.
    """
    described = describe(der)
    leaf = x509.load_der_x509_certificate(der)
    reason, path = find_path(leaf, trust)
    facts = _Facts(leaf, path, trust, lists, now)
    outcomes = [Outcome(Check.CHAIN, looked=True, reason=reason)]
    for check, look in _CHECKS.items():
        looked = bool(path) or check not in _NEED_A_CHAIN
        outcomes.append(Outcome(check, looked, _ask(look, facts) if looked else None))
    return Examination(
        certificate=described,
        outcomes=tuple(outcomes),
        issuer_sha256=_sha256(path[1]) if path else "",
        chain=tuple(to_der(one) for one in path[1:-1]),
        storage=_storage(facts),
        good_until=_good_until(facts) if path and outcomes[-1].reason is None else None,
    )


def verify(der: bytes, *, trust: Trust, lists: Sequence[bytes], now: datetime) -> Examination:
    """Return the examination of a certificate that passes every check, or raise ExternalRefused."""
    found = examine(der, trust=trust, lists=lists, now=now)
    if found.refusal is not None:
        raise ExternalRefused(found.refusal)
    return found


def _ask(look: Callable[[_Facts], None], facts: _Facts) -> ExternalReason | None:
    try:
        look(facts)
    except ExternalRefused as refused:
        return refused.reason
    except (ValueError, UnsupportedAlgorithm):
        return ExternalReason.MALFORMED
    return None


def _check_authorities(facts: _Facts) -> None:
    for below, authority in enumerate(facts.path[1:]):
        is_root = authority is facts.path[-1]
        check_authority(authority, below=below, is_root=is_root, now=facts.now)


def _check_validity(facts: _Facts) -> None:
    if facts.now < facts.leaf.not_valid_before_utc:
        raise ExternalRefused(ExternalReason.NOT_YET_VALID)
    if facts.now > facts.leaf.not_valid_after_utc:
        raise ExternalRefused(ExternalReason.EXPIRED)


def _check_constraints(facts: _Facts) -> None:
    constraints = value_of(facts.leaf, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        raise ExternalRefused(ExternalReason.IS_AUTHORITY)
    check_understood(facts.leaf)


def _check_policy(facts: _Facts) -> None:
    accepted = set(facts.trust.policies) & policies_of(facts.leaf)
    # RFC 5280 6.1.3: every authority under the root must allow the policy, or any.
    for authority in facts.path[1:-1]:
        allowed = policies_of(authority)
        accepted = accepted if _ANY_POLICY in allowed else accepted & allowed
    if not accepted:
        raise ExternalRefused(ExternalReason.WRONG_POLICY)


def _storage(facts: _Facts) -> KeyStorage | None:
    """Return the weakest storage its accepted policies name: two policies promise the lesser."""
    named = {
        facts.trust.policies[one] for one in policies_of(facts.leaf) & set(facts.trust.policies)
    }
    weakest_first = (KeyStorage.BROWSER, KeyStorage.SOFTWARE, KeyStorage.HARDWARE)
    return next((one for one in weakest_first if one in named), None)


def _check_key_usage(facts: _Facts) -> None:
    usage = value_of(facts.leaf, x509.KeyUsage)
    if usage is None or not usage.content_commitment or usage.key_cert_sign or usage.crl_sign:
        raise ExternalRefused(ExternalReason.WRONG_KEY_USAGE)
    extended = value_of(facts.leaf, x509.ExtendedKeyUsage)
    if extended is not None and not _SIGNING_USAGES & set(extended):
        raise ExternalRefused(ExternalReason.WRONG_EXTENDED_USAGE)


def _check_key(facts: _Facts) -> None:
    if not isinstance(facts.leaf.signature_hash_algorithm, STRONG_HASHES):
        raise ExternalRefused(ExternalReason.WEAK_SIGNATURE)
    try:
        check_key(facts.leaf.public_key())
    except RequestRefused as refused:
        known = refused.reason is RequestReason.KNOWN_BAD_KEY
        reason = ExternalReason.KNOWN_BAD_KEY if known else ExternalReason.WEAK_KEY
        raise ExternalRefused(reason) from refused
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ExternalRefused(ExternalReason.WEAK_KEY) from error


def _check_revocation(facts: _Facts) -> None:
    for certificate, issuer in zip(facts.path, facts.path[1:], strict=False):
        status = status_in(_list_of(issuer, facts), certificate.serial_number)
        if status is OutsideStatus.GOOD:
            continue
        if certificate is not facts.leaf:
            raise ExternalRefused(ExternalReason.AUTHORITY_REVOKED)
        on_hold = status is OutsideStatus.ON_HOLD
        raise ExternalRefused(ExternalReason.ON_HOLD if on_hold else ExternalReason.REVOKED)


def _list_of(issuer: x509.Certificate, facts: _Facts) -> bytes:
    """Return the list of this issuer among the lists, or raise what is wrong with the best one."""
    reason = ExternalReason.LIST_MISSING
    for der in facts.lists:
        try:
            read_list(der, issuer=to_der(issuer), now=facts.now)
        except ExternalRefused as refused:
            if refused.reason is not ExternalReason.LIST_OF_ANOTHER:
                reason = refused.reason
        else:
            return der
    raise ExternalRefused(reason)


def _good_until(facts: _Facts) -> datetime:
    lists = [(issuer, _list_of(issuer, facts)) for issuer in facts.path[1:]]
    found = [read_list(der, issuer=to_der(issuer), now=facts.now) for issuer, der in lists]
    return min(one.next_update for one in found)


_CHECKS: Final[Mapping[Check, Callable[[_Facts], None]]] = {
    Check.AUTHORITIES: _check_authorities,
    Check.VALIDITY: _check_validity,
    Check.CONSTRAINTS: _check_constraints,
    Check.POLICY: _check_policy,
    Check.KEY_USAGE: _check_key_usage,
    Check.KEY: _check_key,
    Check.REVOCATION: _check_revocation,
}
_NEED_A_CHAIN: Final = (Check.AUTHORITIES, Check.POLICY, Check.REVOCATION)


def _key_sha256(leaf: x509.Certificate) -> str:
    """Return SHA-256 of the key as the bank's own rows have it, whatever form it comes in."""
    try:
        info = leaf.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    except (ValueError, UnsupportedAlgorithm):
        # Too odd to be loaded, and refused for it: here it only has to be named.
        info = leaf.tbs_certificate_bytes
    return hashlib.sha256(info).hexdigest()


def _sha256(certificate: x509.Certificate) -> str:
    return hashlib.sha256(to_der(certificate)).hexdigest()
