"""Which states a request can be in, and which verbs lead where.

Reviewing levels are rows, never states: a request is PENDING from its submission to its last
decision, whatever the number of stages (FLOW-1).
"""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb


class RequestState(StrEnum):
    DRAFT = "DRAFT"
    PENDING = "PENDING"
    RETURNED = "RETURNED"
    RELEASED = "RELEASED"
    REJECTED = "REJECTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    DELETED = "DELETED"


class Act(StrEnum):
    """Name every verb that can be done to a request."""

    SUBMIT = "submit"
    REVIEW = "review"
    RELEASE = "release"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    DELETE = "delete"


S = RequestState
REQUEST_VERBS: Table = {
    Act.SUBMIT: Verb((S.DRAFT, S.RETURNED), S.PENDING),
    Act.REVIEW: Verb((S.PENDING,), S.PENDING),
    Act.RELEASE: Verb((S.PENDING,), S.RELEASED),
    Act.RETURN: Verb((S.PENDING,), S.RETURNED),
    Act.REJECT: Verb((S.PENDING,), S.REJECTED),
    Act.WITHDRAW: Verb((S.PENDING, S.RETURNED), S.WITHDRAWN),
    Act.EXPIRE: Verb((S.DRAFT, S.PENDING, S.RETURNED), S.EXPIRED),
    Act.DELETE: Verb((S.DRAFT,), S.DELETED),
}
# Verbs of people who check; each is a signature (SIGN-1).
DECISIONS = (Act.REVIEW, Act.RELEASE, Act.RETURN, Act.REJECT)
EDITABLE = (S.DRAFT, S.RETURNED)
OPEN = (S.DRAFT, S.PENDING, S.RETURNED)
FINAL = (S.RELEASED, S.REJECTED, S.WITHDRAWN, S.EXPIRED, S.DELETED)
