"""What is stored of the bank's own counters: fees and equipment."""

from branch_ops.models.equipment import EquipmentItem, EquipmentMovement, EquipmentRequisition
from branch_ops.models.fees import FeeAccount, FeeItem, FeeTariff

__all__ = [
    "EquipmentItem",
    "EquipmentMovement",
    "EquipmentRequisition",
    "FeeAccount",
    "FeeItem",
    "FeeTariff",
]
