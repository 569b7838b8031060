"""What can go wrong at the staff window."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import NotAllowed


class WindowReadOnly(NotAllowed):
    """Say that the window shows and never changes (DUAL-6)."""

    def __init__(self) -> None:
        super().__init__(
            "branch_ops.window_read_only",
            _(
                "This window only shows. Changes are made as requests that a second person releases."
            ),
        )
