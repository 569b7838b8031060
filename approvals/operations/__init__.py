"""Do it: draft, submit, decide, end. The only writers of requests."""

from approvals.operations.deciding import (
    Signed,
    prepare_decision,
    reject,
    release,
    return_,
    review,
)
from approvals.operations.drafting import delete, edit_request, lock_editable, open_request
from approvals.operations.ending import expire, withdraw
from approvals.operations.evidence import evidence
from approvals.operations.flows import define_flow, define_rule
from approvals.operations.submitting import submit

__all__ = [
    "Signed",
    "define_flow",
    "define_rule",
    "delete",
    "edit_request",
    "evidence",
    "expire",
    "lock_editable",
    "open_request",
    "prepare_decision",
    "reject",
    "release",
    "return_",
    "review",
    "submit",
    "withdraw",
]
