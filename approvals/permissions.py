"""May this person do this to requests at all? The resolver says whether to this one, now."""

from __future__ import annotations

from enum import StrEnum

from approvals.kinds import Change, Kind
from approvals.states import Act
from identity.models import User
from identity.permissions import can, check, needs_card


class Permission(StrEnum):
    VIEW = "approvals.request.view"
    SUBMIT = "approvals.request.submit"
    WITHDRAW = "approvals.request.withdraw"
    REVIEW = "approvals.request.review"
    RELEASE = "approvals.request.release"
    RETURN = "approvals.request.return"
    REJECT = "approvals.request.reject"
    # To see what is proposed about the own company itself: its people, its policy.
    ADMINISTRATION = "company.administration.inquire"


class Help(StrEnum):
    """Name what letting people in again asks for, by whom it helps (AUTH-2, AUTH-9)."""

    VIEW = "identity.user.help"
    UNLOCK_PEOPLE = "people.unlock.propose"
    RENEW_PEOPLE = "people.credentials.propose"
    UNLOCK_CUSTOMERS = "customers.unlock.propose"
    RENEW_CUSTOMERS = "customers.credentials.propose"
    UNLOCK_STAFF = "staff.unlock.propose"
    RENEW_STAFF = "staff.credentials.propose"
    UNLOCK_BRANCHES = "branches.unlock.propose"
    RENEW_BRANCHES = "branches.credentials.propose"


# Deciding is never done on a password alone (AUTH-5).
needs_card(Permission.REVIEW, Permission.RELEASE, Permission.RETURN, Permission.REJECT)
# Nor is asking that somebody be let in: whoever has a helper's password alone lets nobody in.
needs_card(*(one for one in Help if one != Help.VIEW))


def permission_of(act: Act) -> Permission:
    """Return the permission that carries the same name as a decision."""
    return Permission(f"approvals.request.{act}")


def may_make(user: User, kind: Kind) -> bool:
    """Tell whether a person may make such a request at all; a change asks for its own right."""
    return not isinstance(kind, Change) or can(user, kind.permission)


def check_make(user: User, kind: Kind) -> None:
    """Insist on the right to make such a request (DUAL-1, DEL-4). Raises PermissionMissing."""
    if isinstance(kind, Change):
        check(user, kind.permission)


__all__ = ["Help", "Permission", "can", "check_make", "may_make", "permission_of"]
