"""Write orders and limits. The only writers of this room's rows."""

from transfers.operations.limits import consume, free, reserve, set_limit
from transfers.operations.orders import OrderFields, create_order, edit_order, mark_executed

__all__ = [
    "OrderFields",
    "consume",
    "create_order",
    "edit_order",
    "free",
    "mark_executed",
    "reserve",
    "set_limit",
]
