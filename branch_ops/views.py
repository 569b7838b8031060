"""The staff site's door: in, out, and in which language."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language, gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from branch_ops.forms import EndOtherForm, SignInForm
from identity import operations
from identity.operations import SignInResult
from identity.permissions import public
from identity.policies import SignInOutcome
from kernel import clock

# Signed and short-lived: it lets exactly this person end their other session, nobody anything else.
TICKET_SALT = "branch_ops.end_other"
TICKET_SECONDS = 120
MESSAGES = {
    SignInOutcome.REFUSED: _("The login name or the password is not right."),
    SignInOutcome.PAUSED: _(
        "The account is paused after too many wrong passwords. The unit above yours lifts the pause."
    ),
}


@public
@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for login name and password, and open the session (AUTH-1)."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_inside(request, request.GET.get("next", "")))
    if request.method == "GET":
        return _door(request, SignInForm(initial={"next": request.GET.get("next", "")}))
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _door(request, form)
    fields = form.cleaned_data
    result = _try(request, fields["login_name"], fields["password"], end_other=False)
    if result.outcome == SignInOutcome.ELSEWHERE:
        return _elsewhere(request, result, fields["login_name"], fields["next"])
    if result.outcome != SignInOutcome.SIGNED_IN:
        return _refuse(request, form, result.outcome)
    return _enter(request, result, fields["next"])


@public
@never_cache
@sensitive_post_parameters("password")
@require_POST
def end_other(request: HttpRequest) -> HttpResponse:
    """End the session elsewhere and sign in here, with the password given once more (AUTH-3)."""
    form = EndOtherForm(request.POST)
    login_name = _ticket_holder(request.POST.get("ticket", ""))
    if not form.is_valid() or not login_name:
        return HttpResponseRedirect(reverse("staff:sign_in"))
    fields = form.cleaned_data
    result = _try(request, login_name, fields["password"], end_other=True)
    if result.outcome != SignInOutcome.SIGNED_IN:
        again = SignInForm({"login_name": login_name, "password": "-", "next": fields["next"]})
        return _refuse(request, again, result.outcome)
    return _enter(request, result, fields["next"])


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session and return to the door."""
    session = request.session
    if session.key_sha256:
        operations.sign_out(key_sha256=session.key_sha256, now=clock.now())
        session.forget()
    return HttpResponseRedirect(reverse("staff:sign_in"))


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Choose the language of the pages, and of what a signed-in person is told (DEL-3)."""
    language = request.POST.get("language", "")
    response = HttpResponseRedirect(_inside(request, request.POST.get("next", "")))
    if language in dict(settings.LANGUAGES) and check_for_language(language):
        if request.user.is_authenticated:
            operations.choose_language(actor=request.user, language=language, now=clock.now())
        _keep_language(response, language)
    return response


def _try(request: HttpRequest, login_name: str, password: str, *, end_other: bool) -> SignInResult:
    return operations.sign_in(
        site=settings.SITE,
        company_code="",
        login_name=login_name,
        password=password,
        end_other=end_other,
        address=request.META["REMOTE_ADDR"],
        agent=request.headers.get("User-Agent", ""),
        now=clock.now(),
    )


def _ticket_holder(ticket: str) -> str:
    """Return the login name a ticket was made out to, or empty text for a false or old one."""
    try:
        return str(signing.loads(ticket, salt=TICKET_SALT, max_age=TICKET_SECONDS))
    except signing.BadSignature:
        return ""


def _enter(request: HttpRequest, result: SignInResult, target: str) -> HttpResponse:
    request.session.adopt(result.session_key)
    response = HttpResponseRedirect(_inside(request, target))
    if result.user is not None and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
        _keep_language(response, result.user.language)
    return response


def _elsewhere(
    request: HttpRequest, result: SignInResult, login_name: str, target: str
) -> HttpResponse:
    ticket = signing.dumps(login_name, salt=TICKET_SALT)
    form = EndOtherForm(initial={"ticket": ticket, "next": target})
    context = {"form": form, "since": result.since, "address": result.address}
    return render(request, "branch_ops/elsewhere.html", context)


def _refuse(request: HttpRequest, form: SignInForm, outcome: SignInOutcome) -> HttpResponse:
    form.add_error(None, MESSAGES[outcome])
    return _door(request, form)


def _door(request: HttpRequest, form: SignInForm) -> HttpResponse:
    return render(request, "branch_ops/sign_in.html", {"form": form})


def _inside(request: HttpRequest, target: str) -> str:
    """Return where to go on, if that is a page of this site; the overview otherwise."""
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if target and safe else reverse("admin:index")


def _keep_language(response: HttpResponse, language: str) -> None:
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
    )
