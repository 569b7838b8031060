"""What can go wrong with codes over more than one message."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from kernel.errors import RuleBroken


class TooManyWrongCodes(RuleBroken):
    """Say that so many wrong codes were typed within a day that no other one is sent yet."""

    def __init__(self) -> None:
        super().__init__(
            "identity.code.too_many_wrong",
            _("Too many wrong codes were typed. A new one can be sent again after one day."),
            field="code",
        )
