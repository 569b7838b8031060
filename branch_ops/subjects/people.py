"""How the bank lets people in again: a branch its customers' security pairs, a unit its own people.

AUTH-2, AUTH-9.
"""

from approvals.subjects import ChangeKind
from approvals.subjects.people import CredentialsKind, UnlockKind
from identity.queries import Relation


class CustomersUnlockKind(UnlockKind):
    """Lift the pause of one of the security pair of a branch's customer."""

    code = "customers.unlock"
    relation = Relation.CUSTOMERS


class CustomersCredentialsKind(CredentialsKind):
    """Give one of the security pair of a branch's customer new credentials."""

    code = "customers.credentials"
    relation = Relation.CUSTOMERS


class StaffUnlockKind(UnlockKind):
    """Lift the pause of a person of the own branch, its security pair left out."""

    code = "staff.unlock"
    relation = Relation.STAFF


class StaffCredentialsKind(CredentialsKind):
    """Give a person of the own branch new credentials, its security pair left out."""

    code = "staff.credentials"
    relation = Relation.STAFF


class BranchesUnlockKind(UnlockKind):
    """Lift the pause of a branch's security person, or of one of the head office's other people."""

    code = "branches.unlock"
    relation = Relation.BRANCHES


class BranchesCredentialsKind(CredentialsKind):
    """Give a branch's security person, or another of the head office, new credentials."""

    code = "branches.credentials"
    relation = Relation.BRANCHES


KINDS: tuple[type[ChangeKind], ...] = (
    BranchesCredentialsKind,
    BranchesUnlockKind,
    CustomersCredentialsKind,
    CustomersUnlockKind,
    StaffCredentialsKind,
    StaffUnlockKind,
)
