"""What can go wrong in the audit room."""

from __future__ import annotations


class OutsideTransaction(RuntimeError):
    """Say that a step was called outside the transaction it has to be part of."""
