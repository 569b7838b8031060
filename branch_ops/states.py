"""What fees, equipment and requisitions can be, and which verbs lead where."""

from __future__ import annotations

from enum import StrEnum

from kernel.machines import Table, Verb


class FeeState(StrEnum):
    DUE = "DUE"
    PAID = "PAID"
    WAIVED = "WAIVED"
    REFUNDED = "REFUNDED"


# A waived fee was never paid, so only a paid one is given back (FEE-1).
FEE_VERBS: Table = {
    "collect": Verb((FeeState.DUE,), FeeState.PAID),
    "waive": Verb((FeeState.DUE,), FeeState.WAIVED),
    "refund": Verb((FeeState.PAID,), FeeState.REFUNDED),
}


class Tariff(StrEnum):
    """Name what the bank charges for."""

    ISSUE = "certificate.issue"
    REISSUE = "certificate.reissue"
    REPRINT = "letter.reprint"


class PaidFrom(StrEnum):
    """Say where the money of a fee came from."""

    ACCOUNT = "ACCOUNT"
    COUNTER = "COUNTER"


class RequisitionState(StrEnum):
    OPEN = "OPEN"
    FULFILLED = "FULFILLED"
    DECLINED = "DECLINED"
    WITHDRAWN = "WITHDRAWN"


REQUISITION_VERBS: Table = {
    "fulfil": Verb((RequisitionState.OPEN,), RequisitionState.FULFILLED),
    "decline": Verb((RequisitionState.OPEN,), RequisitionState.DECLINED),
    "withdraw": Verb((RequisitionState.OPEN,), RequisitionState.WITHDRAWN),
}


class EquipmentKind(StrEnum):
    CARD = "CARD"
    READER = "READER"
    STATIONERY = "STATIONERY"


class MovementKind(StrEnum):
    """Say why an item left one place for another (EQP-1)."""

    RECEIPT = "RECEIPT"
    REQUISITION = "REQUISITION"
    ISSUE = "ISSUE"
    RETURN = "RETURN"
    WRITE_OFF = "WRITE_OFF"


class Place(StrEnum):
    """Say where an item is, as its newest movement tells."""

    IN_STOCK = "IN_STOCK"
    GIVEN_OUT = "GIVEN_OUT"
    WRITTEN_OFF = "WRITTEN_OFF"
