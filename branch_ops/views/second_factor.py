"""The second factor of the bank's people: shown at the gate by card or passkey (AUTH-1, AUTH-5)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from branch_ops.forms.passkeys import SignInMessage
from branch_ops.views.answers import answers
from certificates.forms import read_message
from certificates.views import card_sign_in
from identity import operations, queries
from identity.errors.passkeys import PasskeyGone, PasskeyRefused
from identity.formats.passkeys import relying_party
from identity.operations import PasskeyOutcome, PasskeyResult
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, needs_no_factor, requires
from identity.views import go_on_with, way_back
from kernel import clock

STEP_UP = "identity.session.step_up"


@before(Gate.SECOND_FACTOR)
@requires(SIGNED_IN)
@require_GET
def second_factor(request: PersonRequest) -> HttpResponse:
    """Ask for whatever second factor the person has, and lead on; without one, to a first one."""
    target = way_back(request, request.GET.get("next", ""))
    if needs_no_factor(request):
        return HttpResponseRedirect(target)
    card = card_sign_in(request, next_url=target)
    has_passkey = queries.has_passkey(request.user.pk)
    if card is None and not has_passkey:
        return HttpResponseRedirect(
            reverse("staff:register_passkey") + "?" + urlencode({"next": target})
        )
    page = {
        "has_passkey": has_passkey,
        "possible": bool(relying_party().host),
        "next": target,
        "begin_url": reverse("staff:begin_passkey_sign_in"),
        "finish_url": reverse("staff:sign_in_with_passkey"),
    }
    context = {"page": page, "sign_in": card}
    return render(request, "branch_ops/second_factor.html", context)


@before(Gate.SECOND_FACTOR)
@requires(SIGNED_IN)
@answers(STEP_UP)
def begin_passkey_sign_in(request: PersonRequest) -> dict[str, Any]:
    """Answer what the browser is to ask the person's authenticators."""
    operations.count_passkey_try(actor=request.user)
    options = operations.begin_passkey_sign_in(
        actor=request.user, session_key_sha256=request.session.key_sha256, now=clock.now()
    )
    return {"options": options}


@before(Gate.SECOND_FACTOR)
@requires(SIGNED_IN)
@answers(STEP_UP)
def sign_in_with_passkey(request: PersonRequest) -> dict[str, Any]:
    """Take an authenticator's answer; the session goes on under a new key, as does the cookie."""
    message = read_message(SignInMessage, request.content_type, request.body)
    operations.count_passkey_try(actor=request.user)
    result = operations.sign_in_with_passkey(
        actor=request.user,
        session_key_sha256=request.session.key_sha256,
        answer=message["answer"],
        now=clock.now(),
    )
    insist(result)
    go_on_with(request, result.session_key)
    return {"next": way_back(request, message["next"])}


def insist(result: PasskeyResult) -> None:
    """Turn an outcome that was counted into the error its page shows."""
    if result.outcome == PasskeyOutcome.GONE:
        raise PasskeyGone
    if result.outcome != PasskeyOutcome.DONE:
        raise PasskeyRefused
