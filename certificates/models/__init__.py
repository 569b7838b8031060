"""What is stored of the authority, certificates, letters, cards and signatures."""

from __future__ import annotations

from certificates.models.answers import OcspAnswer
from certificates.models.authority import CertificateAuthority, RevocationList, ServiceKey
from certificates.models.certificates import Card, Certificate, CertificateEvent
from certificates.models.external import ExternalAuthority, ExternalIssuer, ExternalList
from certificates.models.letters import Enrolment, Letter
from certificates.models.proofs import AwaitedTimeStamp, TimeStamp
from certificates.models.signatures import Signature, SignRequest

__all__ = [
    "AwaitedTimeStamp",
    "Card",
    "Certificate",
    "CertificateAuthority",
    "CertificateEvent",
    "Enrolment",
    "ExternalAuthority",
    "ExternalIssuer",
    "ExternalList",
    "Letter",
    "OcspAnswer",
    "RevocationList",
    "ServiceKey",
    "SignRequest",
    "Signature",
    "TimeStamp",
]
