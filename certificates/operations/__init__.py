"""Certify, suspend, revoke, show statements and accept signatures. The only writer of its rows."""

from __future__ import annotations

from certificates.operations.applications import apply_step, set_scope_step, withdraw_step
from certificates.operations.authenticating import (
    authenticate,
    begin_authentication,
    unlock_authentication,
)
from certificates.operations.authority import (
    keep_list_current,
    prepare_authority,
    publish_crl,
    publish_crl_step,
)
from certificates.operations.cards import (
    assign_card_step,
    move_card_step,
    receive_card_step,
    report_lost_step,
    return_card_step,
    write_off_card_step,
)
from certificates.operations.enrolment import (
    EnrolOutcome,
    EnrolResult,
    begin_enrolment,
    confirm,
    enrol,
    prepare_confirmation,
)
from certificates.operations.evidence import seal_evidence
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
from certificates.operations.keys import make_signer, signer_of
from certificates.operations.letters import (
    PrintedLetter,
    issue_letter,
    issue_letter_step,
    print_letter_step,
    reprint_step,
)
from certificates.operations.lifecycle import revoke, revoke_step, suspend, suspend_step
from certificates.operations.lifting import (
    ActivateOutcome,
    ActivateResult,
    activate,
    prepare_activation,
    release_unsuspension_step,
)
from certificates.operations.losing import report_lost
from certificates.operations.ocsp import (
    ANSWER_COLUMNS,
    answer,
    answer_step,
    good_answer,
    renew_answers_step,
    with_answer,
)
from certificates.operations.pairs import lock_certificate
from certificates.operations.renewal import begin_renewal, prepare_renewal, renew
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
from certificates.operations.stamping import StampResult, stamp
from certificates.operations.succession import (
    accept_issuing_authority,
    accept_root_list,
    request_issuing_authority,
    rotate_issuing_authority,
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
from certificates.operations.sweeps import (
    expire_certificate,
    expire_due,
    expire_letter,
    remind_expiring,
)

__all__ = [
    "ANSWER_COLUMNS",
    "ActivateOutcome",
    "ActivateResult",
    "Asked",
    "CertificateAct",
    "EnrolOutcome",
    "EnrolResult",
    "NewIssuer",
    "PrintedLetter",
    "ServiceCredentials",
    "SignRequestFacts",
    "SignatureFacts",
    "SignedAct",
    "StampResult",
    "UnlockResult",
    "VerifiedSignature",
    "accept_issuing_authority",
    "accept_root_list",
    "accept_signature",
    "act_lines",
    "activate",
    "answer",
    "answer_step",
    "apply_step",
    "assign_card_step",
    "authenticate",
    "begin_authentication",
    "begin_enrolment",
    "begin_renewal",
    "bind_step",
    "check_bindable",
    "configure_external_authority",
    "confirm",
    "current_authority",
    "enrol",
    "expire_certificate",
    "expire_due",
    "expire_letter",
    "good_answer",
    "issue_letter",
    "issue_letter_step",
    "issuer_of",
    "keep_list_current",
    "lock_certificate",
    "make_signer",
    "move_card_step",
    "prepare_activation",
    "prepare_authority",
    "prepare_certificate_act",
    "prepare_confirmation",
    "prepare_renewal",
    "prepare_signature",
    "print_letter_step",
    "publish_crl",
    "publish_crl_step",
    "receive_card_step",
    "refresh_external_lists",
    "release_unsuspension_step",
    "remind_expiring",
    "renew",
    "renew_answers_step",
    "report_lost",
    "report_lost_step",
    "reprint_step",
    "request_issuing_authority",
    "return_card_step",
    "revoke",
    "revoke_signed",
    "revoke_step",
    "rotate_issuing_authority",
    "rotate_service_keys",
    "seal_evidence",
    "service_credentials",
    "set_scope_step",
    "signer_of",
    "stamp",
    "suspend",
    "suspend_signed",
    "suspend_step",
    "take_external_list",
    "unlock",
    "unlock_authentication",
    "unusable_keys",
    "verify_signature",
    "with_answer",
    "withdraw_external_authority",
    "withdraw_step",
    "write_off_card_step",
]
