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
from certificates.operations.external import (
    NewIssuer,
    bind_step,
    check_bindable,
    configure_external_authority,
    refresh_external_lists,
    take_external_list,
    withdraw_external_authority,
)
from certificates.operations.issuers import current_authority, issuer_of
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

__all__ = [
    "ANSWER_COLUMNS",
    "EnrolOutcome",
    "EnrolResult",
    "NewIssuer",
    "PrintedLetter",
    "ServiceCredentials",
    "SignRequestFacts",
    "SignatureFacts",
    "UnlockResult",
    "VerifiedSignature",
    "accept_signature",
    "answer",
    "answer_step",
    "begin_enrolment",
    "bind_step",
    "check_bindable",
    "configure_external_authority",
    "confirm",
    "current_authority",
    "enrol",
    "good_answer",
    "issue_letter",
    "issue_letter_step",
    "issuer_of",
    "keep_list_current",
    "prepare_authority",
    "prepare_confirmation",
    "prepare_signature",
    "publish_crl",
    "publish_crl_step",
    "refresh_external_lists",
    "renew_answers_step",
    "revoke",
    "revoke_step",
    "rotate_service_keys",
    "service_credentials",
    "suspend",
    "suspend_step",
    "take_external_list",
    "unlock",
    "verify_signature",
    "with_answer",
    "withdraw_external_authority",
]
