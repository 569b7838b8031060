"""Take a card into use, renew it, open what it is to sign: the card's messages from the browser."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse

from certificates import operations, queries
from certificates.errors import EnrolmentUnknown, LetterRefused
from certificates.formats.profiles import KeyStorage
from certificates.forms import (
    ConfirmMessage,
    EnrolMessage,
    RenewalMessage,
    RenewMessage,
    UnlockMessage,
    read_message,
)
from certificates.permissions import Permission
from certificates.views.messages import answers_card, exactly, opened, origin_of, to_base64
from identity.errors import NotThisStep
from identity.formats import session_digest
from identity.permissions import Gate, PersonRequest, before, requires
from identity.policies import Keys, Step
from identity.queries import has_reached
from kernel import clock
from kernel.canonical import sha256_hex


@before(Gate.FIRST_USE)
@requires(Permission.ENROL)
@answers_card
def enrol(request: HttpRequest) -> dict[str, Any]:
    """Use a letter and two certificate requests; answer both certificates and the challenge."""
    message = read_message(EnrolMessage, request.content_type, request.body)
    now = clock.now()
    _insist_on_turn(request, now)
    result = operations.enrol(
        actor=request.user,  # type: ignore[arg-type]
        session_key_sha256=session_digest(request.session.session_key or ""),
        audience=origin_of(request),
        letter_number=message["letter_number"],
        secret=message["secret"],
        request_der=message["request"],
        authentication_request_der=message["authentication_request"],
        pin=message["pin"],
        made_on=KeyStorage.BROWSER,
        now=now,
    )
    if result.challenge is None:
        raise LetterRefused
    return _issued(result, result.challenge, now)


@before(Gate.FIRST_USE)
@requires(Permission.ENROL)
@answers_card
def confirm(request: HttpRequest) -> dict[str, Any]:
    """Put the certificate into force whose key signed the challenge."""
    message = read_message(ConfirmMessage, request.content_type, request.body)
    now = clock.now()
    _insist_on_turn(request, now)
    operations.confirm(
        actor=request.user,  # type: ignore[arg-type]
        session_key_sha256=session_digest(request.session.session_key or ""),
        certificate_sha256=message["certificate_sha256"],
        signature_der=message["signature"],
        signing_time=message["signing_time"],
        now=now,
    )
    return {}


@requires(Permission.ENROL)
@answers_card
def prepare_renewal(request: HttpRequest) -> dict[str, Any]:
    """Answer what the present card has to sign for the two keys that are to replace its own."""
    message = read_message(RenewalMessage, request.content_type, request.body)
    shown = operations.prepare_renewal(
        actor=request.user,  # type: ignore[arg-type]
        session_key_sha256=session_digest(request.session.session_key or ""),
        audience=origin_of(request),
        request_der=message["request"],
        authentication_request_der=message["authentication_request"],
        made_on=KeyStorage.BROWSER,
        now=clock.now(),
    )
    return {
        "sign_request": shown.id,
        "statement": to_base64(shown.statement),
        "certificate_sha256": shown.certificate_sha256,
    }


@requires(Permission.ENROL)
@answers_card
def renew(request: HttpRequest) -> dict[str, Any]:
    """Issue the certificates that replace the card's own; answer them and the challenge."""
    message = read_message(RenewMessage, request.content_type, request.body)
    now = clock.now()
    result = operations.renew(
        actor=request.user,  # type: ignore[arg-type]
        session_key_sha256=session_digest(request.session.session_key or ""),
        audience=origin_of(request),
        request_der=message["request"],
        authentication_request_der=message["authentication_request"],
        sign_request_id=message["sign_request"],
        signature_der=message["signature"],
        signing_time=message["signing_time"],
        made_on=KeyStorage.BROWSER,
        now=now,
    )
    if result.challenge is None:
        raise EnrolmentUnknown
    return _issued(result, result.challenge, now)


@before(Gate.FIRST_USE, Gate.SECOND_FACTOR)
@requires(Permission.SIGN)
@answers_card
def unlock(request: HttpRequest) -> dict[str, Any]:
    """Check the PIN for one sign request; answer the bank's time to sign with."""
    message = read_message(UnlockMessage, request.content_type, request.body)
    now = clock.now()
    result = operations.unlock(
        actor=request.user,  # type: ignore[arg-type]
        session_key_sha256=session_digest(request.session.session_key or ""),
        sign_request_id=message["sign_request"],
        pin=message["pin"],
        now=now,
    )
    return opened(result, now)


def enrolment_page(
    request: PersonRequest, *, next_url: str, back_url: str, holder_name: str
) -> dict[str, Any]:
    """Return what the page shows that leads a person through taking a card into use (CERT-2).

    `next_url` is where it leads afterwards, `back_url` where somebody without a letter goes.
    """
    now, user = clock.now(), request.user
    state = _enrolment_state(user.pk)
    page = {
        "enrol_url": reverse("certificates:enrol"),
        "confirm_url": reverse("certificates:confirm"),
        "next_url": next_url,
        "back_url": back_url,
        "nonce": "",
        "label": holder_name,
        "challenge": "",
        "certificate_sha256": "",
        "now": "",
        "state": state,
    }
    if state == "ready":
        session = {"actor": user, "session_key_sha256": request.session.key_sha256, "now": now}
        challenge = operations.prepare_confirmation(**session, audience=origin_of(request))
        if challenge is not None:
            page["challenge"] = to_base64(challenge.statement)
            page["certificate_sha256"] = challenge.certificate_sha256
            page["now"] = exactly(now)
        else:
            page["nonce"] = operations.begin_enrolment(**session)
    return page


def _enrolment_state(user_id: int) -> str:
    """Return what the page is for: ready, on_card, has_card or no_letter."""
    if queries.has_open_letter(user_id):
        return "ready"
    if queries.waits_for_card_program(user_id):
        return "on_card"
    return "has_card" if queries.signing_certificate(user_id) is not None else "no_letter"


def _insist_on_turn(request: HttpRequest, now: datetime) -> None:
    """Insist that a newcomer has done what first use asks before the card (SES-3)."""
    user = cast(PersonRequest, request).user
    if not has_reached(user, Step.CARD, now=now, keys=Keys(card_needed=True)):
        raise NotThisStep


def _issued(
    result: operations.EnrolResult, challenge: operations.SignRequestFacts, now: datetime
) -> dict[str, Any]:
    return {
        "certificate": to_base64(result.certificate),
        "certificate_sha256": sha256_hex(result.certificate),
        "authentication_certificate": to_base64(result.authentication_certificate),
        "authentication_certificate_sha256": sha256_hex(result.authentication_certificate),
        "challenge": to_base64(challenge.statement),
        "now": exactly(now),
    }
