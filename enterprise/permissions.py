"""May this person administer their own company?"""

from __future__ import annotations

from enum import StrEnum

from identity.permissions import needs_card


class Permission(StrEnum):
    PROPOSE_POLICY = "company.policy.propose"


# Administration is never done on a password alone (AUTH-5).
needs_card(Permission.PROPOSE_POLICY)
