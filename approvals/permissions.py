"""May this person do this to requests at all? The resolver says whether to this one, now."""

from __future__ import annotations

from enum import StrEnum

from approvals.states import Act
from identity.permissions import can


class Permission(StrEnum):
    VIEW = "approvals.request.view"
    SUBMIT = "approvals.request.submit"
    WITHDRAW = "approvals.request.withdraw"
    REVIEW = "approvals.request.review"
    RELEASE = "approvals.request.release"
    RETURN = "approvals.request.return"
    REJECT = "approvals.request.reject"


def permission_of(act: Act) -> Permission:
    """Return the permission that carries the same name as a decision."""
    return Permission(f"approvals.request.{act}")


__all__ = ["Permission", "can", "permission_of"]
