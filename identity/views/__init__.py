"""What the doors of both sites share: letting in, tickets, leaving, language, ways back."""

from identity.views.activation import try_activation
from identity.views.door import (
    TICKET_SECONDS,
    after_signing_out,
    go_on_with,
    knock,
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
from identity.views.sign_ins import device_name, end_session, sign_in_rows

__all__ = [
    "TICKET_SECONDS",
    "after_signing_out",
    "device_name",
    "draft",
    "end_session",
    "go_on_with",
    "knock",
    "leave",
    "let_in",
    "let_out",
    "make_ticket",
    "redeem_ticket",
    "set_language",
    "sign_in_rows",
    "ticket_salt",
    "try_activation",
    "way_back",
]
