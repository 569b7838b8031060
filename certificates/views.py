"""The card's messages from the browser, and what everyone may fetch of the authority."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from certificates import operations, queries
from certificates.errors import CardLocked, EnrolmentUnknown, LetterRefused, PinRefused
from certificates.formats.evidence import fixed_files
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
from identity.errors import NotThisStep
from identity.formats import session_digest
from identity.operations import record_refusal
from identity.permissions import Gate, PersonRequest, before, public, requires
from identity.policies import Keys, Step
from identity.queries import has_reached
from kernel import clock
from kernel.canonical import sha256_hex
from kernel.errors import DomainError, RuleBroken

View = Callable[..., HttpResponse]
# How long others may keep a revocation list: short, so that a suspension reaches them soon.
CRL_SECONDS = 60


def answers_card(view: Callable[[HttpRequest], dict[str, Any]]) -> View:
    """Answer the card in JSON: `ok` with its members, or what went wrong in the reader's words.

    RuleBroken is answered and written down here, beside its field, as a form would (AUD-1); other
    errors are the middleware's.
    """

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return JsonResponse({"ok": True, **view(request)})
        except RuleBroken as error:
            _write_down(request, f"certificates.certificate.{view.__name__}", error)
            return JsonResponse(_refusal(error), status=error.status)

    return never_cache(require_POST(answered))


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
        "statement": _base64(shown.statement),
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
    if result.locked:
        raise CardLocked
    if not result.ok:
        raise PinRefused(result.tries_left)
    return {"now": _exact(now)}


@public
@require_GET
def crl(request: HttpRequest) -> HttpResponse:
    """Give everyone the newest revocation list of the authority in force (CERT-8)."""
    return _list(queries.latest_crl())


@public
@require_GET
def authority_crl(request: HttpRequest, authority: str) -> HttpResponse:
    """Give everyone the newest revocation list of an authority, as its certificates name it."""
    return _list(queries.latest_crl(authority))


@public
@csrf_exempt
@require_POST
def ocsp(request: HttpRequest) -> HttpResponse:
    """Answer a question about certificates' states (RFC 6960 A.1, CERT-8)."""
    is_question = request.content_type == "application/ocsp-request"
    return _answer(request.body if is_question else b"")


@public
@require_GET
def ocsp_by_address(request: HttpRequest, question: str) -> HttpResponse:
    """Answer a question that stands in the address, in base64 (RFC 6960 A.1)."""
    try:
        der = base64.b64decode(question, validate=True)
    except ValueError:
        der = b""
    return _answer(der)


@public
@require_GET
def root(request: HttpRequest) -> HttpResponse:
    """Give everyone the root's certificate."""
    return _certificate(queries.root_pem(), "root.pem")


@public
@require_GET
def issuing(request: HttpRequest) -> HttpResponse:
    """Give everyone the issuing authority's certificate."""
    return _certificate(queries.issuing_pem(), "issuing.pem")


@public
@require_GET
def verifier(request: HttpRequest) -> HttpResponse:
    """Give everyone the script that verifies evidence: the same as in every bundle (SIGN-4)."""
    answer = HttpResponse(fixed_files()["VERIFY.sh"], content_type="text/x-shellscript")
    answer["Content-Disposition"] = 'attachment; filename="VERIFY.sh"'
    return answer


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
            page["challenge"] = _base64(challenge.statement)
            page["certificate_sha256"] = challenge.certificate_sha256
            page["now"] = _exact(now)
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


def origin_of(request: HttpRequest) -> str:
    """Return the origin of the site the reader is on, as statements name their audience."""
    return f"{request.scheme}://{request.get_host()}"


def _insist_on_turn(request: HttpRequest, now: datetime) -> None:
    """Insist that a newcomer has done what first use asks before the card (SES-3)."""
    user = cast(PersonRequest, request).user
    if not has_reached(user, Step.CARD, now=now, keys=Keys(card_needed=True)):
        raise NotThisStep


def _issued(
    result: operations.EnrolResult, challenge: operations.SignRequestFacts, now: datetime
) -> dict[str, Any]:
    return {
        "certificate": _base64(result.certificate),
        "certificate_sha256": sha256_hex(result.certificate),
        "authentication_certificate": _base64(result.authentication_certificate),
        "authentication_certificate_sha256": sha256_hex(result.authentication_certificate),
        "challenge": _base64(challenge.statement),
        "now": _exact(now),
    }


def _list(der: bytes) -> HttpResponse:
    answer = HttpResponse(der, content_type="application/pkix-crl")
    answer["Cache-Control"] = f"public, max-age={CRL_SECONDS}"
    return answer


def _answer(question: bytes) -> HttpResponse:
    der = operations.answer(question=question, now=clock.now())
    answer = HttpResponse(der, content_type="application/ocsp-response")
    # A suspension is told at once: nobody in between may keep what was so before.
    answer["Cache-Control"] = "no-store"
    return answer


def _certificate(pem: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(pem, content_type="application/x-pem-file")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _write_down(request: HttpRequest, event: str, error: DomainError) -> None:
    actor = cast(PersonRequest, request).user  # the view asks for a permission
    record_refusal(
        actor=actor, event=event, target=f"user:{actor.public_id}", error=error, now=clock.now()
    )


def _refusal(error: DomainError) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "ok": False, "code": error.code, "message": str(error), "field": error.field,
    }  # fmt: skip
    if isinstance(error, PinRefused | CardLocked):
        answer["tries_left"] = error.facts.get("tries_left", 0)
    return answer


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _exact(now: datetime) -> str:
    return clock.isoformat(now)
