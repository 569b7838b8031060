"""The staff site's door: in, out, and in which language."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from approvals.permissions import Permission as Approve
from branch_ops.errors import SignInPaused, SignInRefused
from branch_ops.forms.door import SignInForm
from branch_ops.views.first_use import keys_of
from certificates.permissions import Permission as Certificates
from certificates.queries import has_open_letter
from certificates.views import enrolment_page
from identity import operations
from identity.errors import DoorCrowded, DoorShut, TooManyTries
from identity.operations import SignInResult
from identity.permissions import SIGNED_IN, Gate, PersonRequest, before, public, requires
from identity.policies import SignInOutcome, Step
from identity.views import (
    back_to_first_use,
    door_page,
    entry_page,
    knock,
    leave,
    let_in,
    make_ticket,
    redeem_ticket,
    sign_in_rows,
    typed_password,
    way_back,
)
from kernel import clock
from kernel.errors import DomainError


@public
@sensitive_post_parameters("password", "keypad_codes")
@require_http_methods(["GET", "POST"])
def sign_in(request: PersonRequest) -> HttpResponse:
    """Let a person of the bank in, or say the one thing that is said of every failure (AUTH-1)."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(way_back(request, request.GET.get("next", "")))
    if request.method == "GET":
        return _door(request, SignInForm(initial={"next": request.GET.get("next", "")}))
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _refused(request, SignInRefused())
    typed = form.cleaned_data
    try:
        result = knock(
            request, login_name=typed["login_name"], password=typed_password(request, form)
        )
    except (TooManyTries, DoorShut, DoorCrowded) as error:
        return _refused(request, error)
    if result.outcome == SignInOutcome.SIGNED_IN:
        return let_in(request, result, typed["next"])
    if result.outcome == SignInOutcome.ELSEWHERE:
        return _elsewhere(request, result, typed["next"])
    paused = result.outcome == SignInOutcome.PAUSED
    return _refused(request, SignInPaused() if paused else SignInRefused())


@public
@require_POST
def take_over(request: PersonRequest) -> HttpResponse:
    """End the person's other session and go on here (AUTH-3)."""
    try:
        redeemed = redeem_ticket(request)
    except (TooManyTries, DoorShut) as error:
        return _refused(request, error)
    if redeemed is None:
        return HttpResponseRedirect(reverse("staff:sign_in"))
    result, target = redeemed
    if result.outcome == SignInOutcome.PAUSED:
        return _refused(request, SignInPaused())
    if result.outcome != SignInOutcome.SIGNED_IN:
        return HttpResponseRedirect(reverse("staff:sign_in"))
    return let_in(request, result, target)


@public
@require_POST
def sign_out(request: PersonRequest) -> HttpResponse:
    """End this session."""
    return leave(request)


@requires(SIGNED_IN)
@require_POST
def stay(request: PersonRequest) -> HttpResponse:
    """Push the idle deadline at the person's wish (SES-1)."""
    operations.touch_session(key_sha256=request.session.key_sha256, now=clock.now())
    return HttpResponse(status=204)


@requires(SIGNED_IN)
@require_GET
def sessions(request: PersonRequest) -> HttpResponse:
    """Show the person's own sign-ins (AUTH-8)."""
    page = {"rows": sign_in_rows(request), "paging": {}}
    return render(request, "enterprise/sessions.html", {"page": page})


@requires(SIGNED_IN)
@require_GET
def home(request: PersonRequest) -> HttpResponse:
    """Lead to what waits for this person, or to the window where nothing ever does."""
    granted = request.user.granted
    if Certificates.ENROL in granted and has_open_letter(request.user.pk):
        return HttpResponseRedirect(reverse("staff:card"))
    return HttpResponseRedirect(
        reverse("approvals:inbox" if Approve.VIEW in granted else "admin:index")
    )


@before(Gate.FIRST_USE)
@requires(Certificates.ENROL)
@require_GET
def card(request: PersonRequest) -> HttpResponse:
    """Lead a person of the bank through taking a card into use; part of first use too (CERT-2)."""
    back = back_to_first_use(request, Step.CARD, replace(keys_of(request), card_needed=True))
    if back is not None:
        return back
    leads_to = reverse("staff:home" if request.user.first_used_at else "staff:first_use")
    page = enrolment_page(
        request,
        next_url=leads_to,
        back_url=leads_to,
        holder_name=f"{request.user.unit} {request.user.display_name}",
    )
    return render(request, "enterprise/enrol_card.html", {"page": page})


def _elsewhere(request: PersonRequest, result: SignInResult, target: str) -> HttpResponse:
    page = {
        "since": result.since,
        "address": result.address,
        # Without a ticket the first session cannot be ended from here: the bank's policy says so.
        "ticket": make_ticket(result, target) if result.other_sha256 else "",
    }
    return render(request, "branch_ops/elsewhere.html", {"page": page})


def _refused(request: PersonRequest, error: DomainError) -> HttpResponse:
    form = SignInForm(initial={"next": request.POST.get("next", "")})
    return _door(request, form, refusal=str(error), status=error.status)


def _door(
    request: PersonRequest, form: SignInForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    told = {
        "lost": _(
            "Your card is reported as lost and can sign nothing any more. When you sign in again "
            "you choose a new password."
        ),
        "password": _("Your password is changed. Sign in with the new one."),
    }
    notice = told.get(request.GET.get("ended", ""), "")
    context = {
        "form": form,
        "refusal": refusal,
        "notice": notice,
        "page": door_page(request),
        "entry": entry_page(request),
    }
    return render(request, "branch_ops/sign_in.html", context, status=status)
