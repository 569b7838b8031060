"""May this person of the bank do this with certificates, fees, equipment and policies?"""

from __future__ import annotations

from enum import StrEnum

from identity.permissions import needs_card


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


class PolicyPermission(StrEnum):
    INQUIRE = "identity.signinpolicy.inspect"
    PROPOSE = "identity.policy.propose"


needs_card(PolicyPermission.PROPOSE)
