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

KINDS: tuple[type[ChangeKind], ...] = (
    ApplicationKind,
    ReprintKind,
    RevocationKind,
    ScopeKind,
    UnsuspensionKind,
    WithdrawalKind,
)
