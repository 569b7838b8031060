"""First use, one page for each step: what both sites share (DEL-3, AUTH-4, SES-3).

Which step it is, is read from what is stored. A form names its step; one that is not the step of
the moment, skipped or stale, is refused by the operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from identity import operations, queries
from identity.errors import NotThisStep, PasswordWrong
from identity.forms import (
    AuthorisationCodeForm,
    ContactActForm,
    LoginNameForm,
    PasswordForm,
    SettingsForm,
    StepForm,
)
from identity.operations import PasswordOutcome
from identity.permissions import PersonRequest
from identity.policies import (
    Keys,
    Step,
    current_step,
    plan_of,
)
from identity.views.contacts import Bound, contact_act, contact_cards, refuse
from identity.views.door import INBOX_URL, keep_language, may_open, start_page_of
from identity.views.keypad import keep_entry
from kernel import clock
from kernel.errors import RuleBroken

Typed = Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class KeyPages:
    """Carry what a site knows of card and passkey, and where its pages for them are.

    `has_letter`: a letter was printed that the card's page takes; `counter`: who prints one.
    """

    keys: Keys
    card_url: str
    has_letter: bool
    counter: str
    passkey_url: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """Carry what a page shows besides the plan: the form of its step, or the addresses' forms."""

    form: forms.Form | None = None
    bound: Bound | None = None
    status: int = HTTPStatus.OK


def first_use_page(request: PersonRequest, pages: KeyPages) -> HttpResponse:
    """Show the step to be done now, or do it and lead to the next one."""
    if request.user.first_used_at is not None:
        return _begin(request)
    if request.method == "GET":
        return _page(request, pages, Shown())
    asked = StepForm(request.POST)
    if not asked.is_valid():
        raise NotThisStep
    step = asked.cleaned_data["step"]
    if step == StepForm.FINISH:
        operations.finish_first_use(actor=request.user, keys=pages.keys, now=clock.now())
        return _begin(request)
    if step == Step.BASIC_DATA:
        bound = contact_act(request, has_card=pages.keys.card_held)
        return _page(request, pages, _refused(bound=bound)) if bound else _onward()
    return _do(request, pages, step)


def back_to_first_use(request: PersonRequest, step: Step, keys: Keys) -> HttpResponse | None:
    """Return the way back for somebody whose turn for this step has not come, or None (SES-3)."""
    if queries.has_reached(request.user, step, now=clock.now(), keys=keys):
        return None
    return _onward()


def settings_form(request: PersonRequest, data: Typed = None) -> SettingsForm:
    """Return the form of the person's own settings, with what the bank and the roles offer."""
    user, policy = request.user, queries.sign_in_policy()
    names = ("language", "start_page", "prefers_keypad", "prefers_number")
    return SettingsForm(
        data,
        initial={name: getattr(user, name) for name in names},
        offers_inbox=may_open(INBOX_URL, user.granted),
        offers_keypad=policy.keypad_offered,
        offers_number=policy.number_offered,
    )


def keep_settings(request: PersonRequest, typed: dict[str, Any], onward: HttpResponse) -> None:
    """Keep the settings that were chosen, and let the browser know what its door asks for."""
    keypad, number = typed.get("prefers_keypad", False), typed.get("prefers_number", False)
    operations.choose_settings(
        actor=request.user,
        language=typed["language"],
        start_page=typed["start_page"],
        prefers_keypad=keypad,
        prefers_number=number,
        now=clock.now(),
    )
    keep_language(onward, typed["language"])
    if "prefers_keypad" in typed or "prefers_number" in typed:
        keep_entry(onward, keypad=keypad, number=number)


def _do(request: PersonRequest, pages: KeyPages, step: str) -> HttpResponse:
    doing = DOING.get(step)
    if doing is None:
        raise NotThisStep
    make_form, act = doing
    form = make_form(request, request.POST)
    onward = _onward()
    try:
        if form.is_valid():
            act(request, form.cleaned_data, onward)
            return onward
    except RuleBroken as error:
        refuse(form, error)
    # Whatever is wrong with it: a form of another step is refused, never shown.
    if step != _current(request, pages.keys):
        raise NotThisStep
    return _page(request, pages, _refused(form=form))


def _login_name(request: PersonRequest, typed: dict[str, Any], onward: HttpResponse) -> None:
    operations.choose_login_name(
        actor=request.user, login_name=typed["login_name"], now=clock.now()
    )


def _password(request: PersonRequest, typed: dict[str, Any], onward: HttpResponse) -> None:
    result = operations.choose_first_password(
        actor=request.user, key_sha256=request.session.key_sha256, old=typed["old"],
        new=typed["new"], now=clock.now(),
    )  # fmt: skip
    if result.outcome == PasswordOutcome.WRONG_PASSWORD:
        raise PasswordWrong
    request.session.adopt(result.session_key)
    rotate_token(request)


def _code(request: PersonRequest, typed: dict[str, Any], onward: HttpResponse) -> None:
    operations.set_authorisation_code(
        actor=request.user, code=typed["authorisation_code"], now=clock.now()
    )


MakeForm = Callable[[PersonRequest, Typed], forms.Form]
Act = Callable[[PersonRequest, dict[str, Any], HttpResponse], None]
DOING: dict[str, tuple[MakeForm, Act]] = {
    Step.LOGIN_NAME: (lambda request, data: LoginNameForm(data), _login_name),
    Step.PASSWORD: (lambda request, data: PasswordForm(data), _password),
    Step.AUTHORISATION_CODE: (lambda request, data: AuthorisationCodeForm(data), _code),
    Step.SETTINGS: (settings_form, keep_settings),
}


def _current(request: PersonRequest, keys: Keys) -> Step | None:
    return current_step(queries.first_use_facts(request.user.pk, now=clock.now(), keys=keys))


def _begin(request: PersonRequest) -> HttpResponseRedirect:
    user = request.user
    return HttpResponseRedirect(start_page_of(user.pk, user.start_page, now=clock.now()))


def _onward() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"{settings.SITE}:first_use"))


def _refused(*, form: forms.Form | None = None, bound: Bound | None = None) -> Shown:
    return Shown(form, bound, HTTPStatus.UNPROCESSABLE_ENTITY)


def _page(request: PersonRequest, pages: KeyPages, shown: Shown) -> HttpResponse:
    facts = queries.first_use_facts(request.user.pk, now=clock.now(), keys=pages.keys)
    step = current_step(facts)
    if shown.form is None and step in DOING:
        shown = replace(shown, form=DOING[step][0](request, None))
    page = {
        "step": step or StepForm.FINISH,
        "title": _titles().get(step, _("All done")) if step else _("All done"),
        "stages": [
            {"label": _titles()[one], "who": "", "status": state, "you": False}
            for one, state in plan_of(facts)
        ],
        "lead": _lead(request, facts.is_bank_checker),
        "advice": queries.password_advice(request.user, now=clock.now()),
        "url": reverse(f"{settings.SITE}:first_use"),
        "keys": pages,
        "form": shown.form,
        "policy": queries.sign_in_policy(),
        "acts": ContactActForm,
        "cards": contact_cards(request, has_card=pages.keys.card_held, bound=shown.bound)
        if step == Step.BASIC_DATA
        else [],
        "refused": list((shown.bound or {}).values()),
    }
    return render(request, "identity/first_use.html", {"page": page}, status=shown.status)


def _titles() -> dict[Step, str]:
    return {
        Step.LOGIN_NAME: _("Login name"),
        Step.PASSWORD: _("Password"),
        Step.AUTHORISATION_CODE: _("Supervisor authorisation code"),
        Step.BASIC_DATA: _("Phone and e-mail"),
        Step.SETTINGS: _("Personal settings"),
        Step.CARD: _("Card and certificate"),
        Step.PASSKEY: _("Passkey"),
    }


def _lead(request: PersonRequest, is_bank_checker: bool) -> str:
    """Say to whom this first use belongs: each role has its own pages (AUTH-4)."""
    if is_bank_checker:
        return _("For supervisors of the bank: with a card, and a code of your own.")
    if request.user.is_staff:
        return _("For the bank's people: nothing else opens before these steps are done.")
    if may_open(f"{settings.SITE}:company_certificates", request.user.granted):
        return _(
            "For your company's security supervisors: you look after everybody else's access, so "
            "yours comes first."
        )
    return _("Nothing else opens before these steps are done. Each is kept as soon as it is done.")
