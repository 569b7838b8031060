"""Print letters, charge and settle fees, move and write off equipment. The only writers."""

from branch_ops.operations.equipment import (
    consume_stationery_step,
    issue,
    issue_step,
    receive,
    return_,
    send_back,
    write_off_step,
)
from branch_ops.operations.fees import (
    charge_step,
    collect,
    designate_fee_account_step,
    refund_step,
    set_tariff_step,
    waive_step,
)
from branch_ops.operations.letters import PrintedSheet, print_letter
from branch_ops.operations.requisitions import decline, fulfil, requisition, withdraw

__all__ = [
    "PrintedSheet",
    "charge_step",
    "collect",
    "consume_stationery_step",
    "decline",
    "designate_fee_account_step",
    "fulfil",
    "issue",
    "issue_step",
    "print_letter",
    "receive",
    "refund_step",
    "requisition",
    "return_",
    "send_back",
    "set_tariff_step",
    "waive_step",
    "withdraw",
    "write_off_step",
]
