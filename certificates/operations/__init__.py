"""Certify, suspend, revoke, show statements and accept signatures. The only writer of its rows."""

from __future__ import annotations

from certificates.operations.authority import (
    keep_list_current,
    prepare_authority,
    publish_crl,
    publish_crl_step,
)
from certificates.operations.enrolment import (
    EnrolOutcome,
    EnrolResult,
    begin_enrolment,
    confirm,
    enrol,
    prepare_confirmation,
)
from certificates.operations.letters import PrintedLetter, issue_letter, issue_letter_step
from certificates.operations.lifecycle import revoke, revoke_step, suspend, suspend_step
from certificates.operations.showing import (
    SignRequestFacts,
    UnlockResult,
    prepare_signature,
    unlock,
)
from certificates.operations.signing import (
    SignatureFacts,
    VerifiedSignature,
    accept_signature,
    verify_signature,
)
from certificates.operations.supervising import (
    Asked,
    CertificateAct,
    SignedAct,
    act_lines,
    prepare_certificate_act,
    revoke_signed,
    suspend_signed,
)

__all__ = [
    "Asked",
    "CertificateAct",
    "EnrolOutcome",
    "EnrolResult",
    "PrintedLetter",
    "SignRequestFacts",
    "SignatureFacts",
    "SignedAct",
    "UnlockResult",
    "VerifiedSignature",
    "accept_signature",
    "act_lines",
    "begin_enrolment",
    "confirm",
    "enrol",
    "issue_letter",
    "issue_letter_step",
    "keep_list_current",
    "prepare_authority",
    "prepare_certificate_act",
    "prepare_confirmation",
    "prepare_signature",
    "publish_crl",
    "publish_crl_step",
    "revoke",
    "revoke_signed",
    "revoke_step",
    "suspend",
    "suspend_signed",
    "suspend_step",
    "unlock",
    "verify_signature",
]
