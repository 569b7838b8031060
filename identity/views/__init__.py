"""What the doors of both sites share: letting in, tickets, leaving, language, ways back."""

from identity.views.door import (
    TICKET_SECONDS,
    after_signing_out,
    knock,
    let_in,
    let_out,
    make_ticket,
    redeem_ticket,
    set_language,
    ticket_salt,
    way_back,
)
from identity.views.sign_ins import device_name, end_session, sign_in_rows

__all__ = [
    "TICKET_SECONDS",
    "after_signing_out",
    "device_name",
    "end_session",
    "knock",
    "let_in",
    "let_out",
    "make_ticket",
    "redeem_ticket",
    "set_language",
    "sign_in_rows",
    "ticket_salt",
    "way_back",
]
