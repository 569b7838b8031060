"""The figures of signing in: read them, see who changed them, propose others (AUTH-2, PWD-1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from approvals import operations as approvals
from approvals.errors import RequestNotFound
from approvals.permissions import Permission as Approve
from approvals.queries.proposals import kind_and_content
from approvals.views.panels import add_error
from branch_ops.forms.policy import PolicyForm, typed_figures
from branch_ops.permissions import PolicyPermission
from branch_ops.queries import Line
from branch_ops.queries.policy import PolicyFacts, policy_facts
from branch_ops.render.policy import GROUPS, LABELS, figure_text
from branch_ops.subjects.policy import SUBJECT_KEY, PolicyKind, policy_content
from branch_ops.views.refusals import EDITING, write_down
from identity.permissions import PersonRequest, can, requires
from identity.queries import policy_figures
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken


@dataclass(frozen=True, slots=True)
class Shown:
    """Show one figure by its name, in the reader's words."""

    label: str
    value: str
    before: str | None = None


@requires(PolicyPermission.INQUIRE)
@require_GET
def figures(request: PersonRequest) -> HttpResponse:
    """Show every figure in force, the change under way, and the changes so far."""
    found = policy_facts(SUBJECT_KEY)
    may_propose = can(request.user, PolicyPermission.PROPOSE) and not found.pending
    page = {
        "groups": _groups(found),
        "pending": found.pending,
        "pending_url": _request_url(found.pending) if can(request.user, Approve.VIEW) else "",
        "propose_url": reverse("policy:propose") if may_propose else "",
        "last": found.changes[0] if found.changes else None,
        "changes": [(line, _changed(line)) for line in found.changes],
    }
    return render(request, "branch_ops/policy/figures.html", {"page": page})


@requires(PolicyPermission.PROPOSE)
@require_http_methods(["GET", "POST"])
def propose(request: PersonRequest) -> HttpResponse:
    """Propose other figures; a checker of IT security releases them."""
    return _form_page(request)


@requires(PolicyPermission.PROPOSE)
@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Change a proposal that was not submitted or came back; it starts from what is in force."""
    kind, content = kind_and_content(request.user, reference, now=clock.now())
    if kind != PolicyKind.code:
        raise RequestNotFound()
    return _form_page(request, reference, content)


def _form_page(
    request: PersonRequest, reference: str = "", content: dict[str, str] | None = None
) -> HttpResponse:
    was = policy_figures()
    initial: dict[str, Any] = typed_figures(content or was.as_text())
    form = PolicyForm(request.POST or None, initial=initial | {"idempotency_key": ids.token()})
    if request.method == "POST" and form.is_valid():
        sent = policy_content(was, form.figures(), reason=form.cleaned_data["reason"])
        answer = _send(request, form, reference, sent)
        if answer is not None:
            return answer
    back = reverse("policy:figures")
    page = {
        "title": _("Change the sign-in policy"),
        "groups": [(group, [form[name] for name in group.names]) for group in GROUPS],
        "back_url": back,
        "cancel_url": _request_url(reference) or back,
    }
    status = 422 if form.is_bound else 200
    context = {"page": page, "form": form}
    return render(request, "branch_ops/policy/form.html", context, status=status)


def _send(
    request: PersonRequest, form: PolicyForm, reference: str, content: dict[str, str]
) -> HttpResponse | None:
    """Propose or amend and lead on; None where it was refused, which the form then says."""
    key, now = form.cleaned_data["idempotency_key"], clock.now()
    try:
        if reference:
            approvals.amend(
                actor=request.user, reference=reference, content=content, form_key=key, now=now
            )
        else:
            reference = approvals.propose(
                actor=request.user, kind=PolicyKind.code, subject_key=SUBJECT_KEY,
                content=content, form_key=key, now=now,
            )  # fmt: skip
    except (RuleBroken, Conflict) as error:
        if reference:
            write_down(request, f"request:{reference}", error, event=EDITING)
        else:
            write_down(request, SUBJECT_KEY, error)
        add_error(form, error)
        return None
    return HttpResponseRedirect(_request_url(reference))


def _groups(found: PolicyFacts) -> list[tuple[Any, list[Shown]]]:
    content = found.figures.as_text()
    shown = {name: Shown(str(LABELS[name]), figure_text(name, content[name])) for name in LABELS}
    return [(group, [shown[name] for name in group.names]) for group in GROUPS]


def _changed(line: Line) -> list[Shown]:
    return [
        Shown(
            str(LABELS[name]), figure_text(name, str(line.after[name])),
            figure_text(name, str(line.before[name])),
        )
        for name in LABELS if name in line.after and name in line.before
    ]  # fmt: skip


def _request_url(reference: str) -> str:
    return reverse("approvals:request", args=[reference]) if reference else ""
