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
from certificates.operations.issuers import current_authority, issuer_of
from certificates.operations.keys import make_signer, signer_of
from certificates.operations.letters import PrintedLetter, issue_letter, issue_letter_step
from certificates.operations.lifecycle import revoke, revoke_step, suspend, suspend_step
from certificates.operations.ocsp import (
    ANSWER_COLUMNS,
    answer,
    answer_step,
    good_answer,
    renew_answers_step,
    with_answer,
)
from certificates.operations.services import (
    ServiceCredentials,
    rotate_service_keys,
    service_credentials,
    unusable_keys,
)
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
from certificates.operations.succession import (
    accept_issuing_authority,
    accept_root_list,
    request_issuing_authority,
    rotate_issuing_authority,
)

__all__ = [
    "ANSWER_COLUMNS",
    "EnrolOutcome",
    "EnrolResult",
    "PrintedLetter",
    "ServiceCredentials",
    "SignRequestFacts",
    "SignatureFacts",
    "UnlockResult",
    "VerifiedSignature",
    "accept_issuing_authority",
    "accept_root_list",
    "accept_signature",
    "answer",
    "answer_step",
    "begin_enrolment",
    "confirm",
    "current_authority",
    "enrol",
    "good_answer",
    "issue_letter",
    "issue_letter_step",
    "issuer_of",
    "keep_list_current",
    "make_signer",
    "prepare_authority",
    "prepare_confirmation",
    "prepare_signature",
    "publish_crl",
    "publish_crl_step",
    "renew_answers_step",
    "request_issuing_authority",
    "revoke",
    "revoke_step",
    "rotate_issuing_authority",
    "rotate_service_keys",
    "service_credentials",
    "signer_of",
    "suspend",
    "suspend_step",
    "unlock",
    "unusable_keys",
    "verify_signature",
    "with_answer",
]
