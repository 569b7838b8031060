"""May this person do this to transfers and accounts at all?"""

from __future__ import annotations

from enum import StrEnum


class Permission(StrEnum):
    INQUIRE = "transfers.account.inquire"
    EDIT = "transfers.order.edit"
