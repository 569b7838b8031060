"""Read the keys of two requests and have a pair of certificates made for them (CERT-2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from django.db import IntegrityError, transaction

from audit import operations as audit
from certificates import gateways
from certificates.errors import EnrolmentUnknown, KeyAlreadyUsed, KeyMadeElsewhere
from certificates.formats.authority import build_holder_certificate, new_serial
from certificates.formats.profiles import HolderName, Issuer, KeyStorage, Purpose
from certificates.formats.requests import read_request
from certificates.models import Certificate, Enrolment
from certificates.operations.history import move
from certificates.operations.issuers import current_authority, issuer_of
from certificates.policies import CERTIFICATE_LIFETIME
from certificates.states import CertificateState
from identity.models import User


@dataclass(frozen=True, slots=True)
class PairOfKeys:
    """Carry two different public keys, SubjectPublicKeyInfo DER: for signing, for signing in."""

    signing: bytes
    authentication: bytes


def open_enrolment(holder: User, session_key_sha256: str, now: datetime) -> Enrolment:
    """Return the enrolment this session has begun. Raises EnrolmentUnknown."""
    enrolment = Enrolment.objects.filter(
        user=holder, session_key_sha256=session_key_sha256, expires_at__gt=now
    ).first()
    if enrolment is None:
        raise EnrolmentUnknown
    return enrolment


def read_keys(enrolment: Enrolment, request: bytes, authentication_request: bytes) -> PairOfKeys:
    """Return the keys of two requests made for this enrolment, never certified before.

    Raises RequestRefused and KeyAlreadyUsed.
    """
    keys = PairOfKeys(
        read_request(request, expected_nonce=enrolment.nonce),
        read_request(authentication_request, expected_nonce=enrolment.nonce),
    )
    digests = {_sha256(keys.signing), _sha256(keys.authentication)}
    known = Certificate.objects.filter(public_key_sha256__in=digests)
    if len(digests) < 2 or known.exists():
        raise KeyAlreadyUsed
    return keys


def issue_pair(certificate: Certificate, keys: PairOfKeys, now: datetime) -> None:
    """Have both certificates made and put what they say into the rows; `keep_issued` stores them.

    The companion has the card, the storage and the count of suspensions of the signing one.
    """
    authority = current_authority()
    certificate.issuer = authority
    companion = Certificate(
        issuer=authority,
        holder=certificate.holder,
        purpose=Purpose.AUTHENTICATION.name,
        state=CertificateState.ISSUED,
        state_since=now,
        applied_at=certificate.applied_at,
        storage=certificate.storage,
        card=certificate.card,
        suspensions=certificate.suspensions,
    )
    issuer = issuer_of(authority)
    _issue(companion, issuer, keys.authentication, now)
    _issue(certificate, issuer, keys.signing, now)
    certificate.companion = companion


def keep_issued(certificate: Certificate, verb: str, now: datetime) -> str:
    """Store a pair that was made, and return the state it started from.

    With an empty verb the row is new: a renewal, which starts issued. Raises KeyAlreadyUsed when
    somebody else had one of the keys certified meanwhile.
    """
    audit.require_transaction()
    companion = certificate.companion
    assert companion is not None  # noqa: S101 - issue_pair has made it
    try:
        with transaction.atomic():
            companion.save(force_insert=True)
            certificate.companion = companion
            if verb:
                return move(certificate, verb, now)
            certificate.save(force_insert=True)
            return ""
    except IntegrityError as error:
        raise KeyAlreadyUsed from error


def check_made_on(certificate: Certificate, made_on: KeyStorage, where: str) -> None:
    """Raise KeyMadeElsewhere unless keys were made where the certificate is to say they are.

    `where` is 'enrolment' or 'renewal'. A certificate's policy tells the world where its key is
    kept; a key never moves, so the storage of what was applied for decides.
    """
    meant = KeyStorage[certificate.storage or KeyStorage.BROWSER.name]
    if made_on is not meant:
        place = "on_card" if meant is KeyStorage.HARDWARE else "in_browser"
        raise KeyMadeElsewhere(f"certificates.{where}.{place}")


def take_scope_of(certificate: Certificate, other: Certificate) -> None:
    """Give a certificate the usage scope of another; the caller saves."""
    certificate.functions = other.functions
    certificate.amount_cap = other.amount_cap
    certificate.amount_cap_currency = other.amount_cap_currency
    certificate.scope_from, certificate.scope_until = other.scope_from, other.scope_until


def _issue(certificate: Certificate, issuer: Issuer, public_key: bytes, now: datetime) -> None:
    der = build_holder_certificate(
        issuer=issuer,
        public_key=public_key,
        holder=_holder_name(certificate.holder),
        purpose=Purpose[certificate.purpose],
        key_storage=KeyStorage[certificate.storage or KeyStorage.BROWSER.name],
        serial=new_serial(),
        now=now,
        not_after=now + CERTIFICATE_LIFETIME,
    )
    loaded = x509.load_der_x509_certificate(der)
    certificate.der = der
    certificate.sha256 = hashlib.sha256(der).hexdigest()
    certificate.public_key_sha256 = _sha256(public_key)
    certificate.serial_number = f"{loaded.serial_number:x}"
    certificate.storage = certificate.storage or KeyStorage.BROWSER.name
    certificate.not_before = loaded.not_valid_before_utc
    certificate.not_after = loaded.not_valid_after_utc
    certificate.issued_at = now


def _holder_name(holder: User) -> HolderName:
    company = holder.company
    return HolderName(
        common_name=holder.display_name,
        organization=company.name if company is not None else gateways.bank_name(),
        unified_number=company.code if company is not None else gateways.bank_unified_number(),
        holder_number=holder.public_id,
    )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
