"""Which kinds of request does the bank's side bring to the approval engine?"""

from branch_ops.subjects.external import ExternalKind

KINDS = (ExternalKind,)
