"""What the doors of both sites share: letting in, tickets, leaving, language, ways back."""

from identity.views.door import (
    TICKET_SECONDS,
    go_on_with,
    leave,
    let_in,
    let_out,
    make_ticket,
    redeem_ticket,
    set_language,
    ticket_salt,
    way_back,
)
from identity.views.drafts import draft

__all__ = [
    "TICKET_SECONDS",
    "draft",
    "go_on_with",
    "leave",
    "let_in",
    "let_out",
    "make_ticket",
    "redeem_ticket",
    "set_language",
    "ticket_salt",
    "way_back",
]
