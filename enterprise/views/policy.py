"""What the company asks of its own people at the door: read it, propose otherwise (DUAL-6)."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from approvals import operations as approvals
from approvals.errors import RequestNotFound
from approvals.permissions import Permission as Approve
from approvals.queries.proposals import kind_and_content, open_request_on
from approvals.views.panels import Item, add_error
from enterprise.forms import CompanyPolicyForm
from enterprise.permissions import Permission
from enterprise.subjects.policy import (
    CompanyPolicyKind,
    company_policy_content,
    policy_key,
    rule_words,
)
from identity import queries as identity
from identity.operations import record_refusal
from identity.permissions import PersonRequest, can, requires
from identity.policies import CompanyRules, read_company_rules
from kernel import clock, ids
from kernel.errors import Conflict, DomainError, RuleBroken


@requires(Approve.ADMINISTRATION)
@require_GET
def company_policy(request: PersonRequest) -> HttpResponse:
    """Show the company's rules in force, and the change under way."""
    actor = request.user
    pending = open_request_on(_key(request))
    may_propose = can(actor, Permission.PROPOSE_POLICY) and not pending
    page = {
        "items": _items(identity.company_rules(actor.company_pk)),
        "pending": pending,
        "pending_url": _request_url(pending) if can(actor, Approve.VIEW) else "",
        "propose_url": reverse("enterprise:propose_company_policy") if may_propose else "",
    }
    return render(request, "enterprise/company_policy.html", {"page": page})


@requires(Permission.PROPOSE_POLICY)
@require_http_methods(["GET", "POST"])
def propose_company_policy(request: PersonRequest) -> HttpResponse:
    """Propose other rules; the security supervisor releases them with the card."""
    return _form_page(request)


@requires(Permission.PROPOSE_POLICY)
@require_http_methods(["GET", "POST"])
def edit_company_policy(request: PersonRequest, reference: str) -> HttpResponse:
    """Change a proposal that was not submitted or came back; it starts from what is in force."""
    kind, content = kind_and_content(request.user, reference, now=clock.now())
    if kind != CompanyPolicyKind.code:
        raise RequestNotFound()
    return _form_page(request, reference, content)


def _form_page(
    request: PersonRequest, reference: str = "", content: dict[str, str] | None = None
) -> HttpResponse:
    was = identity.company_rules(request.user.company_pk)
    shown = read_company_rules(content) if content else was
    initial = shown.as_text() | {
        "code_from": "" if shown.code_from is None else f"{shown.code_from:,.0f}",
        "reason": content["reason"] if content else "",
        "idempotency_key": ids.token(),
    }
    form = CompanyPolicyForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        answer = _send(request, form, reference, was)
        if answer is not None:
            return answer
    back = reverse("enterprise:company_policy")
    page = {
        "title": _("Change the sign-in rules"),
        "items": _items(was),
        "back_url": back,
        "cancel_url": _request_url(reference) or back,
    }
    status = 422 if form.is_bound else 200
    context = {"page": page, "form": form}
    return render(request, "enterprise/company_policy_form.html", context, status=status)


def _send(
    request: PersonRequest, form: CompanyPolicyForm, reference: str, was: CompanyRules
) -> HttpResponse | None:
    """Propose or amend and lead on; None where it was refused, which the form then says."""
    company, key, now = request.user.company, form.cleaned_data["idempotency_key"], clock.now()
    assert company is not None  # noqa: S101 - nobody else holds the permission
    content = company_policy_content(company, was, form.rules(), reason=form.cleaned_data["reason"])
    try:
        if reference:
            approvals.amend(
                actor=request.user, reference=reference, content=content, form_key=key, now=now
            )
        else:
            reference = approvals.propose(
                actor=request.user, kind=CompanyPolicyKind.code, subject_key=_key(request),
                content=content, form_key=key, now=now,
            )  # fmt: skip
    except (RuleBroken, Conflict) as error:
        _write_down(request, f"request:{reference}" if reference else _key(request), error)
        add_error(form, error)
        return None
    return HttpResponseRedirect(_request_url(reference))


def _write_down(request: PersonRequest, target: str, error: DomainError) -> None:
    record_refusal(
        actor=request.user, event=str(Permission.PROPOSE_POLICY), target=target, error=error,
        now=clock.now(),
    )  # fmt: skip


def _items(rules: CompanyRules) -> list[Item]:
    return [Item(label, text) for _name, label, text in rule_words(rules)]


def _key(request: PersonRequest) -> str:
    company = request.user.company
    return policy_key(company.code if company else "")


def _request_url(reference: str) -> str:
    return reverse("approvals:request", args=[reference]) if reference else ""
