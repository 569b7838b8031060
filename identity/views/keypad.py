"""The ways of entering a password beside plain typing: keypad, and a number in a picture.

Both are offered by the bank's policy, off by default, and chosen by the reader: at the door for
this browser, or among the own settings (KEY-1, KEY-2).
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_POST

from identity import operations, queries
from identity.forms import EntryChoiceForm
from identity.permissions import public
from identity.render import key_name, number_picture, number_words
from kernel import clock, ids

KEYPAD, NUMBER = "keypad", "number"
KEPT_SECONDS = 365 * 24 * 3600


def typed_password(request: HttpRequest, form: forms.Form) -> str | None:
    """Return the password of a sign-in form, typed or entered on the keypad.

    None where the form brings none, or the keypad or the number was not used as it must be: that
    is the one refusal of every failure, is written down, and counts as no wrong password.
    `form` is valid and has the fields of EntryFields. Raises TooManyTries, DoorShut.
    """
    now, data = clock.now(), form.cleaned_data
    fault, password = "", data["password"] or None
    if data["keypad_deal"]:
        codes = data["keypad_codes"].split(".")
        password = operations.read_keypad(deal_id=data["keypad_deal"], codes=codes, now=now)
        fault = "" if password else KEYPAD
    if _asks_for_number(request) and not operations.check_number(
        number_id=data["number_id"], typed=data["number"], now=now
    ):
        fault = NUMBER
    if fault:
        operations.refuse_entry(why=fault, address=request.META.get("REMOTE_ADDR", ""), now=now)
        return None
    return password


def entry_page(request: HttpRequest) -> dict[str, Any]:
    """Return what the sign-in page shows of keypad and number: what is offered, what is chosen."""
    policy = queries.sign_in_policy()
    chosen = _chosen(request)
    number = policy.number_offered and NUMBER in chosen
    return {
        "keypad_offered": policy.keypad_offered,
        "keypad": policy.keypad_offered and KEYPAD in chosen,
        "number_offered": policy.number_offered,
        "number": number,
        "number_id": ids.token(16) if number else "",
        "seconds": policy.keypad_seconds,
    }


def keep_entry(response: HttpResponse, *, keypad: bool, number: bool) -> None:
    """Let this browser's sign-in page remember how its reader likes to enter a password."""
    chosen = [name for name, wanted in ((KEYPAD, keypad), (NUMBER, number)) if wanted]
    response.set_cookie(
        settings.ENTRY_COOKIE_NAME,
        ".".join(chosen),
        max_age=KEPT_SECONDS,
        secure=settings.ENTRY_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


@public
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Keep the reader's choice at the door and go back to it."""
    form = EntryChoiceForm(request.POST)
    target = reverse(settings.SIGN_IN_URL)
    if request.POST.get("next"):
        target += "?" + urlencode({"next": request.POST["next"]})
    response = HttpResponseRedirect(target)
    if form.is_valid():
        chosen = _chosen(request)
        which = form.cleaned_data["entry"]
        chosen = chosen | {which} if form.cleaned_data["wanted"] else chosen - {which}
        keep_entry(response, keypad=KEYPAD in chosen, number=NUMBER in chosen)
    return response


@public
@require_POST
def deal_keypad(request: HttpRequest) -> HttpResponse:
    """Answer the page's script with a keypad: its keys as they lie, with their codes and names."""
    dealt = operations.deal_keypad(address=request.META.get("REMOTE_ADDR", ""), now=clock.now())
    return JsonResponse(
        {
            "ok": True,
            "id": dealt.id,
            "seconds": dealt.seconds,
            "digits": [_shown(key) for key in dealt.digits],
            "lower": [_shown(lower) for lower, _upper in dealt.letters],
            "upper": [_shown(upper) for _lower, upper in dealt.letters],
            "signs": [_shown(key) for key in dealt.signs],
        }
    )


@public
@require_GET
def number(request: HttpRequest, number_id: str) -> HttpResponse:
    """Answer with a fresh number as a picture."""
    digits = operations.draw_number(
        number_id=number_id, address=request.META.get("REMOTE_ADDR", ""), now=clock.now()
    )
    return HttpResponse(number_picture(digits), content_type="image/png")


@public
@require_POST
def number_in_words(request: HttpRequest, number_id: str) -> HttpResponse:
    """Answer with the page's number in words, once; with nothing where there is none (KEY-2)."""
    digits = operations.tell_number(number_id=number_id, now=clock.now())
    return HttpResponse(number_words(digits), content_type="text/plain; charset=utf-8")


def _shown(key: operations.Key) -> dict[str, str]:
    return {"sign": key.sign, "code": key.code, "name": key_name(key.sign)}


def _chosen(request: HttpRequest) -> set[str]:
    return set(request.COOKIES.get(settings.ENTRY_COOKIE_NAME, "").split(".")) & {KEYPAD, NUMBER}


def _asks_for_number(request: HttpRequest) -> bool:
    return NUMBER in _chosen(request) and queries.sign_in_policy().number_offered
