"""Do it: draft, submit, decide, end. The only writers of requests."""

from approvals.operations.deciding import (
    Signed,
    prepare_decision,
    reject,
    release,
    return_,
    review,
)
from approvals.operations.drafting import (
    delete,
    edit_request,
    lock_editable,
    next_reference,
    open_request,
)
from approvals.operations.ending import expire, withdraw
from approvals.operations.evidence import evidence
from approvals.operations.flows import define_flow, define_rule
from approvals.operations.proposing import amend, propose, propose_step
from approvals.operations.submitting import submit
from approvals.operations.verifying import confirm_release_code, send_release_code

__all__ = [
    "Signed",
    "amend",
    "confirm_release_code",
    "define_flow",
    "define_rule",
    "delete",
    "edit_request",
    "evidence",
    "expire",
    "lock_editable",
    "next_reference",
    "open_request",
    "prepare_decision",
    "propose",
    "propose_step",
    "reject",
    "release",
    "return_",
    "review",
    "send_release_code",
    "submit",
    "withdraw",
]
