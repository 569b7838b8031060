"""What the bank's people may see, what happened to it, and does the installation hold?"""

from branch_ops.queries.visible import Line, history, visible_entries, visible_messages

__all__ = ["Line", "history", "visible_entries", "visible_messages"]
