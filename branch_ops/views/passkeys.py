"""A bank person's own passkeys: which there are, a new one, the end of one (AUTH-1)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from branch_ops.forms.passkeys import CodeMessage, NewPasskeyForm, RegisterMessage
from branch_ops.views.answers import answers
from branch_ops.views.first_use import keys_of
from branch_ops.views.refusals import write_down
from branch_ops.views.second_factor import insist
from certificates.forms import read_message
from certificates.queries import has_open_letter, signing_certificate
from identity import operations, queries
from identity.errors import CodeGone, CodeRefused, NotThisStep
from identity.formats.passkeys import relying_party
from identity.operations import CodeOutcome
from identity.permissions import (
    SIGNED_IN,
    Gate,
    PersonRequest,
    before,
    check_fresh_factor,
    requires,
)
from identity.policies import PASSKEYS_MOST, STRONG_FACTORS, Step
from identity.views import back_to_first_use, way_back
from kernel import clock
from kernel.errors import Busy, RuleBroken

REGISTER, END = "identity.passkey.register", "identity.passkey.end"


@requires(SIGNED_IN)
@require_GET
def passkeys(request: PersonRequest) -> HttpResponse:
    """Show one's own passkeys."""
    rows = queries.own_passkeys(request.user.pk)
    page = {
        "rows": rows,
        "may_add": len(rows) < PASSKEYS_MOST,
        "may_end": len(rows) > 1 or _holds_card(request),
    }
    return render(request, "branch_ops/passkeys.html", {"page": page})


@before(Gate.SECOND_FACTOR, Gate.FIRST_USE)
@requires(SIGNED_IN)
@require_GET
def register_passkey(request: PersonRequest) -> HttpResponse:
    """Show how a passkey is registered; whoever has a second factor shows that first."""
    back = back_to_first_use(request, Step.PASSKEY, keys_of(request))
    if back is not None:
        return back
    is_first = request.user.factor not in STRONG_FACTORS
    own = queries.own_passkeys(request.user.pk)
    # Whoever has nothing left to show is not led in a circle; the act itself insists, too.
    if own or _holds_card(request):
        check_fresh_factor(request.user, now=clock.now())
    proved_until = queries.registration_proved_until(
        request.user.pk, session_key_sha256=request.session.key_sha256, now=clock.now()
    )
    target = way_back(request, request.GET.get("next", ""))
    # A session of a password alone shows the new passkey before it goes on.
    after = reverse("staff:second_factor") + "?" + urlencode({"next": target})
    page = {
        "form": NewPasskeyForm(),
        "is_first": is_first,
        "needs_code": is_first and proved_until is None,
        "possible": bool(relying_party().host),
        "full": len(own) >= PASSKEYS_MOST,
        "has_letter": is_first and has_open_letter(request.user.pk),
        "next": target,
        "after": after if is_first else reverse("staff:passkeys"),
        "code_url": reverse("staff:send_passkey_code"),
        "begin_url": reverse("staff:begin_passkey_registration"),
        "finish_url": reverse("staff:finish_passkey_registration"),
    }
    return render(request, "branch_ops/register_passkey.html", {"page": page})


@before(Gate.SECOND_FACTOR, Gate.FIRST_USE)
@requires(SIGNED_IN)
@require_POST
def send_passkey_code(request: PersonRequest) -> HttpResponse:
    """Send the code that a first passkey is registered with, and go back to its page."""
    try:
        _insist_on_turn(request)
        operations.count_passkey_code(actor=request.user)
        sent = operations.send_passkey_code(
            actor=request.user, holds_card=_holds_card(request), now=clock.now()
        )
    except (RuleBroken, Busy) as error:
        write_down(request, f"user:{request.user.public_id}", error, event=REGISTER)
        messages.error(request, str(error))
    else:
        facts = {"address": sent.address_masked, "until": f"{localtime(sent.expires_at):%H:%M}"}
        messages.success(
            request, _("A code is on its way to %(address)s; it is valid until %(until)s.") % facts
        )
    target = way_back(request, request.POST.get("next", ""))
    return HttpResponseRedirect(
        reverse("staff:register_passkey") + "?" + urlencode({"next": target})
    )


@before(Gate.SECOND_FACTOR, Gate.FIRST_USE)
@requires(SIGNED_IN)
@answers(REGISTER)
def begin_passkey_registration(request: PersonRequest) -> dict[str, Any]:
    """Answer what the browser is to ask its authenticator for."""
    message = read_message(CodeMessage, request.content_type, request.body)
    _insist_on_turn(request)
    operations.count_passkey_try(actor=request.user)
    begun = operations.begin_passkey_registration(
        actor=request.user,
        session_key_sha256=request.session.key_sha256,
        holds_card=_holds_card(request),
        code=message["code"],
        now=clock.now(),
    )
    if begun.code == CodeOutcome.WRONG:
        raise CodeRefused
    if begun.code == CodeOutcome.GONE:
        raise CodeGone
    return {"options": begun.options}


@before(Gate.SECOND_FACTOR, Gate.FIRST_USE)
@requires(SIGNED_IN)
@answers(REGISTER)
def finish_passkey_registration(request: PersonRequest) -> dict[str, Any]:
    """Take the new passkey; a session that is still one of a password alone has it shown next."""
    message = read_message(RegisterMessage, request.content_type, request.body)
    _insist_on_turn(request)
    operations.count_passkey_try(actor=request.user)
    result = operations.register_passkey(
        actor=request.user,
        session_key_sha256=request.session.key_sha256,
        holds_card=_holds_card(request),
        answer=message["answer"],
        name=" ".join(message["name"].split()),
        now=clock.now(),
    )
    insist(result)
    return {}


@requires(SIGNED_IN)
@require_POST
def end_passkey(request: PersonRequest, passkey_id: int) -> HttpResponse:
    """End one of one's own passkeys."""
    try:
        operations.end_passkey(
            actor=request.user,
            passkey_id=passkey_id,
            holds_card=_holds_card(request),
            now=clock.now(),
        )
    except RuleBroken as error:
        write_down(request, f"passkey:{passkey_id}", error, event=END)
        messages.error(request, str(error))
    else:
        messages.success(request, _("The passkey opens nothing any more."))
    return HttpResponseRedirect(reverse("staff:passkeys"))


def _insist_on_turn(request: PersonRequest) -> None:
    """Insist that a newcomer has done what first use asks before the passkey (SES-3)."""
    reached = queries.has_reached(
        request.user, Step.PASSKEY, now=clock.now(), keys=keys_of(request)
    )
    if not reached:
        raise NotThisStep


def _holds_card(request: PersonRequest) -> bool:
    return signing_certificate(request.user.pk) is not None
