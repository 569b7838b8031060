"""Have a person's card shown, to be more than a password in this session (AUTH-5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from certificates import operations
from certificates.forms import AuthenticateMessage, UnlockMessage, read_message
from certificates.policies import PIN_TRIES
from certificates.queries.authenticating import authenticating_certificate, authenticating_problem
from certificates.views.messages import answers_card, opened, origin_of, to_base64
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, requires
from identity.views import go_on_with
from kernel import clock


@dataclass(frozen=True, slots=True)
class ShownLine:
    """Show one line of what is signed."""

    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class CardSignIn:
    """Carry what templates/includes/card_sign_in.html needs; `problem` stops the card."""

    certificate_sha256: str
    card_label: str
    needs_pin: bool
    tries_left: int
    lines: list[ShownLine]
    next_url: str
    prepare_url: str
    unlock_url: str
    authenticate_url: str
    problem: str
    short_code: str = ""


def card_sign_in(request: PersonRequest, *, next_url: str) -> CardSignIn | None:
    """Return what the page needs to have the reader's card shown, or None where they have none.

    `next_url` is where it leads afterwards; the caller has made sure that it is this site's.
    """
    now = clock.now()
    found = authenticating_certificate(request.user.pk)
    if found is None:
        return None
    return CardSignIn(
        certificate_sha256=found.sha256,
        card_label=_("Virtual card …%(end)s") % {"end": found.serial_number[-4:].upper()},
        needs_pin=found.storage == "BROWSER",
        tries_left=PIN_TRIES - found.pin_tries,
        lines=[
            ShownLine(_("Act"), _("Confirm with the card that it is me")),
            ShownLine(_("Person"), request.user.display_name),
            ShownLine(_("Site"), origin_of(request)),
            ShownLine(_("Serial number"), found.serial_number),
        ],
        next_url=next_url,
        prepare_url=reverse("certificates:prepare_authentication"),
        unlock_url=reverse("certificates:unlock_authentication"),
        authenticate_url=reverse("certificates:authenticate"),
        problem=authenticating_problem(found, now),
    )


@before(Gate.FIRST_USE, Gate.SECOND_FACTOR)
@requires(SIGNED_IN)
@answers_card
def prepare_authentication(request: HttpRequest) -> dict[str, Any]:
    """Answer what the card's key for signing in has to sign."""
    shown = operations.begin_authentication(**_who(request), audience=origin_of(request))
    return {
        "sign_request": shown.id,
        "statement": to_base64(shown.statement),
        "certificate_sha256": shown.certificate_sha256,
    }


@before(Gate.FIRST_USE, Gate.SECOND_FACTOR)
@requires(SIGNED_IN)
@answers_card
def unlock_authentication(request: HttpRequest) -> dict[str, Any]:
    """Check the PIN for such a statement; answer the bank's time to sign with."""
    message = read_message(UnlockMessage, request.content_type, request.body)
    who = _who(request)
    result = operations.unlock_authentication(
        **who, sign_request_id=message["sign_request"], pin=message["pin"]
    )
    return opened(result, who["now"])


@before(Gate.FIRST_USE, Gate.SECOND_FACTOR)
@requires(SIGNED_IN)
@answers_card
def authenticate(request: HttpRequest) -> dict[str, Any]:
    """Take the card's signature; the session goes on under a new key, which the cookie follows."""
    message = read_message(AuthenticateMessage, request.content_type, request.body)
    key = operations.authenticate(
        **_who(request),
        audience=origin_of(request),
        sign_request_id=message["sign_request"],
        signature_der=message["signature"],
        signing_time=message["signing_time"],
    )
    go_on_with(request, key)  # type: ignore[arg-type]
    return {}


def _who(request: HttpRequest) -> dict[str, Any]:
    return {
        "actor": request.user,
        "session_key_sha256": request.session.key_sha256,  # type: ignore[attr-defined]
        "now": clock.now(),
    }
