"""What both sites share: the door, first use, and everybody's page of their own data."""

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
from identity.views.first_use import KeyPages, back_to_first_use, first_use_page
from identity.views.keypad import (
    choose,
    deal_keypad,
    entry_page,
    keep_entry,
    number,
    number_in_words,
    typed_password,
)
from identity.views.profile import ProfileFacts, profile_page
from identity.views.publications import bulletin, bulletins, door_page, download
from identity.views.sign_ins import device_name, end_session, sign_in_rows

__all__ = [
    "TICKET_SECONDS",
    "KeyPages",
    "ProfileFacts",
    "after_signing_out",
    "back_to_first_use",
    "bulletin",
    "bulletins",
    "choose",
    "deal_keypad",
    "device_name",
    "door_page",
    "download",
    "draft",
    "end_session",
    "entry_page",
    "first_use_page",
    "go_on_with",
    "keep_entry",
    "knock",
    "leave",
    "let_in",
    "let_out",
    "make_ticket",
    "number",
    "number_in_words",
    "profile_page",
    "redeem_ticket",
    "set_language",
    "sign_in_rows",
    "ticket_salt",
    "try_activation",
    "typed_password",
    "way_back",
]
