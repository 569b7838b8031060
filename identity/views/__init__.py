"""What both sites share: the door, first use, and everybody's page of their own data."""

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
from identity.views.first_use import KeyPages, back_to_first_use, first_use_page
from identity.views.profile import ProfileFacts, profile_page

__all__ = [
    "TICKET_SECONDS",
    "KeyPages",
    "ProfileFacts",
    "back_to_first_use",
    "first_use_page",
    "let_in",
    "let_out",
    "make_ticket",
    "profile_page",
    "redeem_ticket",
    "set_language",
    "ticket_salt",
    "way_back",
]
