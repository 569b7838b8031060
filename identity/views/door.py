"""What the doors of both sites share: letting in, tickets, leaving, language, ways back."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.urls import reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from identity import operations
from identity.forms import LanguageForm
from identity.operations import SignInResult
from identity.permissions import PersonRequest, public
from identity.views.keypad import keep_entry
from kernel import clock

# Signed and short-lived: it lets exactly this person end exactly that session of theirs.
TICKET_SECONDS = 120
LANGUAGE_KEPT_SECONDS = 365 * 24 * 3600


def ticket_salt() -> str:
    """Return what binds a ticket to this site: the other site's is worth nothing here."""
    return f"identity.sign_in.elsewhere.{settings.SITE}"


def make_ticket(result: SignInResult, target: str) -> str:
    """Return a ticket for somebody whose password was right and who is signed in elsewhere."""
    assert result.user is not None  # noqa: S101 - only a right password leads here
    content = {"user": result.user.public_id, "other": result.other_sha256, "next": target}
    return signing.dumps(content, salt=ticket_salt())


def redeem_ticket(request: PersonRequest) -> tuple[SignInResult, str] | None:
    """End the other session and open this one with the ticket that was posted (AUTH-3).

    Returns what came of it and where the person was going, or None for a ticket that is forged,
    too old or another site's.
    """
    try:
        ticket = signing.loads(
            request.POST.get("ticket", ""), salt=ticket_salt(), max_age=TICKET_SECONDS
        )
    except signing.BadSignature:
        return None
    result = operations.take_over(
        site=settings.SITE,
        public_id=ticket["user"],
        other_sha256=ticket["other"],
        address=request.META["REMOTE_ADDR"],
        agent=request.headers.get("User-Agent", ""),
        now=clock.now(),
    )
    return result, ticket["next"]


def let_in(request: PersonRequest, result: SignInResult, target: str) -> HttpResponse:
    """Give the browser its session, a fresh form token and its language, and lead on."""
    assert result.user is not None  # noqa: S101 - a sign-in that succeeded names its person
    request.session.adopt(result.session_key)
    rotate_token(request)
    response = HttpResponseRedirect(way_back(request, target))
    _keep_language(response, result.user.language)
    if result.user.prefers_keypad or result.user.prefers_number:
        keep_entry(response, keypad=result.user.prefers_keypad, number=result.user.prefers_number)
    return response


def let_out(request: PersonRequest) -> None:
    """End this browser's session, where it still has one."""
    if request.session.session_key:
        operations.sign_out(key_sha256=request.session.key_sha256, now=clock.now())
        request.session.forget()


def way_back(request: PersonRequest, target: str) -> str:
    """Return an address of this site to go on to; any other leads to the site's first page."""
    fine = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if fine and target.startswith("/") else reverse(settings.HOME_URL)


@public
@require_POST
def set_language(request: PersonRequest) -> HttpResponse:
    """Keep the reader's choice of language and go back to the page (DEL-3)."""
    form = LanguageForm(request.POST)
    response = HttpResponseRedirect(way_back(request, request.POST.get("next", "")))
    if form.is_valid():
        language = form.cleaned_data["language"]
        if request.user.is_authenticated:
            operations.choose_language(actor=request.user, language=language, now=clock.now())
        _keep_language(response, language)
    return response


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
