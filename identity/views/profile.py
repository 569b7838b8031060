"""One's own data: name, roles, addresses, settings; what both sites share (DEL-3)."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from django import forms
from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext as _

from identity import operations, queries
from identity.errors import AuthorisationCodeWrong
from identity.forms import AuthorisationCodeForm, ChangedAuthorisationCodeForm, ContactActForm
from identity.operations import AuthorisationOutcome
from identity.permissions import PersonRequest, check_fresh_factor
from identity.policies import STRONG_FACTORS
from identity.views.contacts import Bound, contact_act, contact_cards, refuse
from identity.views.first_use import keep_settings, settings_form
from kernel import clock
from kernel.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class ProfileFacts:
    """Carry what a site knows besides: whether a card is held, and where the sign-ins are shown."""

    has_card: bool
    sessions_url: str


def profile_page(request: PersonRequest, facts: ProfileFacts) -> HttpResponse:
    """Show a person's own data, or change one thing of it."""
    if request.method == "GET":
        return _page(request, facts, {})
    form_name = request.POST.get("form", "")
    if form_name == "settings":
        return _settings(request, facts)
    if form_name == "code":
        return _code(request, facts)
    is_strong = facts.has_card or request.user.is_staff or request.user.factor in STRONG_FACTORS
    if request.POST.get("act") == ContactActForm.WANT and is_strong:
        check_fresh_factor(request.user, now=clock.now())
    bound = contact_act(request, has_card=facts.has_card)
    return _page(request, facts, {}, bound) if bound else _again()


def _settings(request: PersonRequest, facts: ProfileFacts) -> HttpResponse:
    form = settings_form(request, request.POST)
    if not form.is_valid():
        return _page(request, facts, {"settings": form})
    onward = _again()
    keep_settings(request, form.cleaned_data, onward)
    return onward


def _code(request: PersonRequest, facts: ProfileFacts) -> HttpResponse:
    check_fresh_factor(request.user, now=clock.now())
    form = _code_form(request, request.POST)
    try:
        if form.is_valid():
            outcome = operations.set_authorisation_code(
                actor=request.user, code=form.cleaned_data["authorisation_code"],
                old=form.cleaned_data.get("old_code", ""), now=clock.now(),
            )  # fmt: skip
            if outcome == AuthorisationOutcome.WRONG:
                raise AuthorisationCodeWrong
            # Whoever is paused by it is led to the door.
            return _again()
    except RuleBroken as error:
        refuse(form, error)
    return _page(request, facts, {"code": form})


def _code_form(request: PersonRequest, data: QueryDict | None = None) -> forms.Form:
    """Return the form of the code; whoever has one gives it."""
    has_one = bool(request.user.authorisation_code)
    return ChangedAuthorisationCodeForm(data) if has_one else AuthorisationCodeForm(data)


def _again() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"{settings.SITE}:profile"))


def _page(
    request: PersonRequest,
    facts: ProfileFacts,
    refused: dict[str, forms.Form],
    bound: Bound | None = None,
) -> HttpResponse:
    user = request.user
    asks_code = queries.is_bank_checker(user, now=clock.now())
    page = {
        "items": [
            {"label": _("Name"), "value": user.display_name},
            {"label": _("Login name"), "value": user.login_name, "is_number": True},
            {
                "label": _("Company") if user.company else _("Unit"),
                "value": str(user.company or user.unit),
            },
            {
                "label": _("Roles"),
                "value": queries.role_names(user.pk, language=get_language() or ""),
            },
        ],
        "url": reverse(f"{settings.SITE}:profile"),
        "sessions_url": facts.sessions_url,
        "password_url": reverse(f"{settings.SITE}:change_password"),
        "cards": contact_cards(request, has_card=facts.has_card, bound=bound),
        "policy": queries.sign_in_policy(),
        "acts": ContactActForm,
        "settings_form": refused.get("settings") or settings_form(request),
        "code_form": refused.get("code") or (_code_form(request) if asks_code else None),
        "refused": [*refused.values(), *(bound or {}).values()],
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if page["refused"] else HTTPStatus.OK
    return render(request, "identity/profile.html", {"page": page}, status=status)
