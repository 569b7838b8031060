"""The staff site's door: in, out, and in which language."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from branch_ops.errors import SignInPaused, SignInRefused
from branch_ops.forms import LanguageForm, SignInForm
from identity import operations
from identity.operations import SignInResult
from identity.permissions import PersonRequest, public
from identity.policies import SignInOutcome
from kernel import clock
from kernel.errors import RuleBroken

# Signed and short-lived: it lets exactly this person end exactly that session of theirs.
TICKET_SALT = "branch_ops.sign_in.elsewhere"
TICKET_SECONDS = 120
LANGUAGE_KEPT_SECONDS = 365 * 24 * 3600


@public
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: PersonRequest) -> HttpResponse:
    """Let a person of the bank in, or say the one thing that is said of every failure (AUTH-1)."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_inside(request, request.GET.get("next", "")))
    if request.method == "GET":
        return _door(request, SignInForm(initial={"next": request.GET.get("next", "")}))
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _refused(request, SignInRefused())
    result = operations.sign_in(
        site=settings.SITE,
        company_code="",
        login_name=form.cleaned_data["login_name"],
        password=form.cleaned_data["password"],
        address=request.META["REMOTE_ADDR"],
        agent=request.headers.get("User-Agent", ""),
        now=clock.now(),
    )
    if result.outcome == SignInOutcome.SIGNED_IN:
        return _let_in(request, result, form.cleaned_data["next"])
    if result.outcome == SignInOutcome.ELSEWHERE:
        return _elsewhere(request, result, form.cleaned_data["next"])
    paused = result.outcome == SignInOutcome.PAUSED
    return _refused(request, SignInPaused() if paused else SignInRefused())


@public
@require_POST
def take_over(request: PersonRequest) -> HttpResponse:
    """End the person's other session and go on here (AUTH-3)."""
    try:
        ticket = signing.loads(
            request.POST.get("ticket", ""), salt=TICKET_SALT, max_age=TICKET_SECONDS
        )
    except signing.BadSignature:
        return HttpResponseRedirect(reverse("staff:sign_in"))
    result = operations.take_over(
        site=settings.SITE,
        public_id=ticket["user"],
        other_sha256=ticket["other"],
        address=request.META["REMOTE_ADDR"],
        agent=request.headers.get("User-Agent", ""),
        now=clock.now(),
    )
    if result.outcome != SignInOutcome.SIGNED_IN:
        return HttpResponseRedirect(reverse("staff:sign_in"))
    return _let_in(request, result, ticket["next"])


@public
@require_POST
def sign_out(request: PersonRequest) -> HttpResponse:
    """End this session."""
    if request.session.session_key:
        operations.sign_out(key_sha256=request.session.key_sha256, now=clock.now())
        request.session.forget()
    return HttpResponseRedirect(reverse("staff:sign_in"))


@public
@require_POST
def set_language(request: PersonRequest) -> HttpResponse:
    """Keep the reader's choice of language and go back to the page (DEL-3)."""
    form = LanguageForm(request.POST)
    response = HttpResponseRedirect(_inside(request, request.POST.get("next", "")))
    if form.is_valid():
        language = form.cleaned_data["language"]
        if request.user.is_authenticated:
            operations.choose_language(actor=request.user, language=language, now=clock.now())
        _keep_language(response, language)
    return response


def _let_in(request: PersonRequest, result: SignInResult, target: str) -> HttpResponse:
    assert result.user is not None  # noqa: S101 - a sign-in that succeeded names its person
    request.session.adopt(result.session_key)
    rotate_token(request)
    response = HttpResponseRedirect(_inside(request, target))
    _keep_language(response, result.user.language)
    return response


def _elsewhere(request: PersonRequest, result: SignInResult, target: str) -> HttpResponse:
    assert result.user is not None  # noqa: S101 - the person gave a right password
    ticket = {"user": result.user.public_id, "other": result.other_sha256, "next": target}
    page = {
        "since": result.since,
        "address": result.address,
        "ticket": signing.dumps(ticket, salt=TICKET_SALT),
    }
    return render(request, "branch_ops/elsewhere.html", {"page": page})


def _refused(request: PersonRequest, error: RuleBroken) -> HttpResponse:
    form = SignInForm(initial={"next": request.POST.get("next", "")})
    return _door(request, form, refusal=str(error), status=422)


def _door(
    request: PersonRequest, form: SignInForm, *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {"form": form, "refusal": refusal}
    return render(request, "branch_ops/sign_in.html", context, status=status)


def _inside(request: PersonRequest, target: str) -> str:
    """Return an address of this site to go on to; any other leads to the overview."""
    fine = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if fine and target.startswith("/") else reverse("admin:index")


def _keep_language(response: HttpResponse, language: str) -> None:
    translation.activate(language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_KEPT_SECONDS,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
