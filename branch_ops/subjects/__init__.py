"""Which kinds of request does the bank's side bring to the approval engine?"""

from approvals.subjects import ChangeKind
from branch_ops.subjects import people
from branch_ops.subjects.applications import ApplicationKind
from branch_ops.subjects.certificates import (
    ReprintKind,
    RevocationKind,
    ScopeKind,
    UnsuspensionKind,
    WithdrawalKind,
)
from branch_ops.subjects.equipment import WriteOffKind
from branch_ops.subjects.external import ExternalKind
from branch_ops.subjects.fees import RefundKind, WaiverKind
from branch_ops.subjects.policy import PolicyKind

KINDS: tuple[type[ChangeKind], ...] = (
    ApplicationKind,
    ExternalKind,
    PolicyKind,
    RefundKind,
    ReprintKind,
    RevocationKind,
    ScopeKind,
    UnsuspensionKind,
    WaiverKind,
    WithdrawalKind,
    WriteOffKind,
    *people.KINDS,
)
