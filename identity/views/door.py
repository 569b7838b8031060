"""What the doors of both sites share: letting in, tickets, leaving, language, ways back."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.core import signing
from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.urls import resolve, reverse
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST

from identity import operations, queries
from identity.forms import LanguageForm
from identity.operations import SignInResult
from identity.permissions import PersonRequest, public
from identity.policies import SignInOutcome
from identity.views.keypad import keep_entry
from kernel import clock

INBOX_URL = "approvals:inbox"
# Signed and short-lived: it lets exactly this person end exactly that session of theirs.
TICKET_SECONDS = 120
LANGUAGE_KEPT_SECONDS = 365 * 24 * 3600
# As long as browsers keep a cookie at most; each sign-in begins it again.
DEVICE_KEPT_SECONDS = 400 * 24 * 3600
_DEVICE = re.compile(r"[A-Za-z0-9_-]{40,64}")


def knock(
    request: PersonRequest, *, company_code: str = "", login_name: str, password: str | None
) -> SignInResult:
    """Try to sign in what was typed, from this browser.

    `password` is None where the form brought nothing to compare: that is refused, and counts as no
    wrong one. Raises TooManyTries, DoorShut, DoorCrowded: the page says so beside its form.
    """
    if password is None:
        return SignInResult(SignInOutcome.REFUSED)
    return operations.sign_in(
        site=settings.SITE,
        company_code=company_code,
        login_name=login_name,
        password=password,
        address=request.META.get("REMOTE_ADDR", ""),
        agent=request.headers.get("User-Agent", ""),
        device=_device(request),
        now=clock.now(),
    )


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
    too old or another site's. Raises TooManyTries, DoorShut.
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
        address=request.META.get("REMOTE_ADDR", ""),
        agent=request.headers.get("User-Agent", ""),
        device=_device(request),
        now=clock.now(),
    )
    return result, ticket["next"]


def let_in(request: PersonRequest, result: SignInResult, target: str) -> HttpResponse:
    """Give the browser its session, a fresh form token and its language, and lead on."""
    assert result.user is not None  # noqa: S101 - a sign-in that succeeded names its person
    request.session.adopt(result.session_key)
    rotate_token(request)
    person = result.user
    leads_to = (
        way_back(request, target)
        if target
        else start_page_of(person.pk, person.start_page, now=clock.now())
    )
    response = HttpResponseRedirect(leads_to)
    keep_language(response, person.language)
    if person.prefers_keypad or person.prefers_number:
        keep_entry(response, keypad=person.prefers_keypad, number=person.prefers_number)
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        result.device,
        max_age=DEVICE_KEPT_SECONDS,
        secure=settings.DEVICE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response


def start_page_of(user_id: int, chosen: str, *, now: datetime) -> str:
    """Return where a person begins: the page they chose, where their roles still open it."""
    if chosen == "inbox" and may_open(INBOX_URL, queries.permissions_of(user_id, now=now)):
        return reverse(INBOX_URL)
    return reverse(settings.HOME_URL)


def may_open(name: str, granted: frozenset[str]) -> bool:
    """Tell whether these permissions open a page of this site."""
    view = resolve(reverse(name)).func
    return getattr(view, "permission", "") in granted


def go_on_with(request: PersonRequest, session_key: str) -> None:
    """Let the browser go on under its session's new key, with a fresh form token (AUTH-5).

    What pages had put into the session stays in it.
    """
    kept = dict(request.session.items())
    request.session.adopt(session_key)
    request.session.update(kept)
    rotate_token(request)


def let_out(request: PersonRequest) -> None:
    """End this browser's session, where it still has one."""
    if request.session.session_key:
        operations.sign_out(key_sha256=request.session.key_sha256, now=clock.now())
        request.session.forget()


def leave(request: PersonRequest) -> HttpResponse:
    """End this browser's session and lead to the door; by idling, with the way back (SES-1)."""
    let_out(request)
    door = reverse(settings.SIGN_IN_URL)
    told = {"ended": "idle"} if request.POST.get("reason") else {}
    here = way_back(request, request.POST.get("here", ""))
    if told and here != reverse(settings.HOME_URL):
        told["next"] = here
    target = door + (f"?{urlencode(told)}" if told else "")
    return after_signing_out(HttpResponseRedirect(target))


def after_signing_out(response: HttpResponse) -> HttpResponse:
    """Let the browser forget the pages it has kept, so that going back shows none (SES-1)."""
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


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
        keep_language(response, language)
    return response


def keep_language(response: HttpResponse, language: str) -> None:
    """Let the browser ask for pages in this language from now on."""
    translation.activate(language)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=LANGUAGE_KEPT_SECONDS,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _device(request: PersonRequest) -> str:
    """Return what this browser is known by, or empty text: what it says is not believed further."""
    found = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    return found if _DEVICE.fullmatch(found) else ""
