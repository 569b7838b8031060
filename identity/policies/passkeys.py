"""How many passkeys, for how long a question, and what a counter shows. Pure functions."""

from __future__ import annotations

# A person keeps a few passkeys, so that losing one device does not lock them out.
PASSKEYS_MOST = 5
# How long a question put to an authenticator may stay open.
PASSKEY_MINUTES = 5
# How many codes for a first passkey go to one phone in the bank's window for counting tries.
PASSKEY_CODES_MOST = 5


def counter_moves_on(*, stored: int, given: int) -> bool:
    """Tell whether a passkey's counter shows that there is only one of it (AUTH-1).

    Many passkeys do not count at all; whichever has begun to count goes on for ever (Web
    Authentication level 3, section 7.2, step 22).
    """
    return given > stored or (given == 0 and stored == 0)
