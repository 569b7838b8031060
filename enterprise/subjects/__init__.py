"""Which kinds of request does the customer's side bring to the approval engine?"""

from approvals.subjects import ChangeKind
from enterprise.subjects import people
from enterprise.subjects.policy import CompanyPolicyKind

KINDS: tuple[type[ChangeKind], ...] = (*people.KINDS, CompanyPolicyKind)
