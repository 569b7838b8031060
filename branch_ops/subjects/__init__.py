"""Which kinds of request does the bank's side bring to the approval engine?"""

from approvals.subjects import ChangeKind
from branch_ops.subjects.applications import ApplicationKind
from branch_ops.subjects.certificates import (
    ReprintKind,
    RevocationKind,
    ScopeKind,
    UnsuspensionKind,
    WithdrawalKind,
)
from branch_ops.subjects.external import ExternalKind

KINDS: tuple[type[ChangeKind], ...] = (
    ApplicationKind,
    ExternalKind,
    ReprintKind,
    RevocationKind,
    ScopeKind,
    UnsuspensionKind,
    WithdrawalKind,
)
