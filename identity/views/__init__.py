"""What the doors of both sites share: letting in, tickets, leaving, language, ways back."""

from identity.views.door import (
    TICKET_SECONDS,
    let_in,
    let_out,
    make_ticket,
    redeem_ticket,
    set_language,
    ticket_salt,
    way_back,
)
from identity.views.keypad import (
    choose,
    deal_keypad,
    entry_page,
    keep_entry,
    number,
    number_in_words,
    typed_password,
)
from identity.views.publications import bulletin, bulletins, door_page, download

__all__ = [
    "TICKET_SECONDS",
    "bulletin",
    "bulletins",
    "choose",
    "deal_keypad",
    "door_page",
    "download",
    "entry_page",
    "keep_entry",
    "let_in",
    "let_out",
    "make_ticket",
    "number",
    "number_in_words",
    "redeem_ticket",
    "set_language",
    "ticket_salt",
    "typed_password",
    "way_back",
]
