"""May this person of the bank do this with certificates, fees and equipment?"""

from __future__ import annotations

from enum import StrEnum


class CounterPermission(StrEnum):
    INQUIRE = "certificates.certificate.inquire"


class FeePermission(StrEnum):
    INQUIRE = "fees.item.inquire"
    COLLECT = "fees.item.collect"
    PROPOSE_WAIVER = "fees.waiver.propose"
    PROPOSE_REFUND = "fees.refund.propose"


class EquipmentPermission(StrEnum):
    INQUIRE = "equipment.item.inquire"
    RECEIVE = "equipment.item.receive"
    REQUISITION = "equipment.item.requisition"
    ISSUE = "equipment.item.issue"
    FULFIL = "equipment.item.fulfil"
    RETURN = "equipment.item.return"
    PROPOSE_WRITE_OFF = "equipment.write_off.propose"


class ExternalPermission(StrEnum):
    PROPOSE = "certificates.external.propose"
