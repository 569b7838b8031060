"""The pages on which the unit above lets people in again (AUTH-2, AUTH-9).

Each site opens them under its own name: `people_help`, `help_unlock`, `help_credentials`,
`help_edit`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from approvals import operations
from approvals.errors import RequestNotFound
from approvals.forms import HelpForm, PeopleForm
from approvals.kinds import kind_of
from approvals.permissions import Help
from approvals.queries.cases import visible_request
from approvals.queries.helping import HelpRow, help_page, help_row, subject_key
from approvals.queries.proposals import kind_and_content
from approvals.states import EDITABLE
from approvals.subjects.people import PersonKind
from approvals.views.panels import add_error
from identity.operations import record_refusal
from identity.permissions import PersonRequest, can, check, requires
from identity.queries import Relation
from kernel import clock, ids
from kernel.errors import Conflict, DomainError, RuleBroken

EDITING = "approvals.request.edit"


class HelpAct(StrEnum):
    """Name the two ways of letting somebody in again, as the codes of their kinds end."""

    UNLOCK = "unlock"
    CREDENTIALS = "credentials"


@dataclass(frozen=True, slots=True)
class Draft:
    """Carry the request that is edited."""

    reference: str
    content: Mapping[str, str]


@requires(Help.VIEW)
@require_GET
def people_help(request: PersonRequest) -> HttpResponse:
    """Show whom the reader may let in again, and what is asked for them already."""
    form = PeopleForm(request.GET)
    typed = form.cleaned_data if form.is_valid() else {}
    query = {name: typed.get(name, "").strip() for name in ("text", "state")}
    after = typed.get("after", "")
    found = help_page(request.user, **query, cursor=after, now=clock.now())
    page = {
        "form": form,
        "title": _titles()[found.relation],
        "relation": str(found.relation),
        "filtered": any(query.values()),
        "clear_url": _address("people_help"),
        "rows": [_row(request, found.relation, row) for row in found.rows],
        "paging": {
            "first_url": _address("people_help", **query) if after else "",
            "previous_url": "",
            "next_url": _address("people_help", **query, after=found.cursor)
            if found.cursor
            else "",
        },
    }
    return render(request, "approvals/people_help.html", {"page": page})


@requires(Help.VIEW)
@require_http_methods(["GET", "POST"])
def help_unlock(request: PersonRequest, person: str) -> HttpResponse:
    """Propose that a pause be lifted (AUTH-2)."""
    return _propose_page(request, person, HelpAct.UNLOCK)


@requires(Help.VIEW)
@require_http_methods(["GET", "POST"])
def help_credentials(request: PersonRequest, person: str) -> HttpResponse:
    """Propose new credentials (AUTH-9)."""
    return _propose_page(request, person, HelpAct.CREDENTIALS)


@requires(Help.VIEW)
@require_http_methods(["GET", "POST"])
def help_edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Change a proposal that is a draft or came back for repair. Raises RequestNotFound."""
    now = clock.now()
    code, content = kind_and_content(request.user, reference, now=now)
    if visible_request(request.user, reference, now=now).state not in EDITABLE:
        return HttpResponseRedirect(reverse("approvals:request", args=[reference]))
    kind = _kind(code)
    check(request.user, kind.permission)
    _relation, row = help_row(request.user, content["person"], now=now)
    return _form_page(request, kind, row, Draft(reference, content))


def _propose_page(request: PersonRequest, number: str, act: HelpAct) -> HttpResponse:
    """Ask how the person was identified and why, and propose it. Raises PersonUnknown."""
    relation, row = help_row(request.user, number, now=clock.now())
    kind = _kind(f"{relation}.{act}")
    check(request.user, kind.permission)
    return _form_page(request, kind, row)


def _form_page(
    request: PersonRequest, kind: PersonKind, row: HelpRow, draft: Draft | None = None
) -> HttpResponse:
    initial = {"idempotency_key": ids.token()}
    if draft is not None:
        initial |= {name: draft.content[name] for name in ("identified_by", "reason")}
    form = HelpForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        sent = _send(request, form, kind, row, draft)
        if sent is not None:
            return sent
    person = row.person
    own = reverse("approvals:request", args=[draft.reference]) if draft is not None else ""
    page = {
        "title": kind.name,
        "list_url": _address("people_help"),
        "cancel_url": own or _address("people_help"),
        "items": [
            {"label": _("Person"), "value": f"{person.name} ({person.number})"},
            {"label": _("Login name"), "value": person.login_name, "is_number": True},
            {"label": _("Company or unit"), "value": person.home_name},
            {"label": _("State"), "value": row.state_label},
        ],
        "notes": kind.after({"person": person.number}),
        "why_not": "" if draft is not None else _in_the_way(row, kind),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    context = {"page": page, "form": form}
    return render(request, "approvals/person_help.html", context, status=status)


def _send(
    request: PersonRequest, form: HelpForm, kind: PersonKind, row: HelpRow, draft: Draft | None
) -> HttpResponse | None:
    """Propose or amend and lead on; None where it was refused, which the form then says."""
    typed, now = form.cleaned_data, clock.now()
    reason = " ".join(typed["reason"].split())
    key = subject_key(row.person.number)
    try:
        content = kind.content_for(row.person, identified_by=typed["identified_by"], reason=reason)
        if draft is None:
            reference = operations.propose(
                actor=request.user, kind=kind.code, subject_key=key, content=content,
                form_key=typed["idempotency_key"], now=now,
            )  # fmt: skip
        else:
            reference = operations.amend(
                actor=request.user, reference=draft.reference, content=content,
                form_key=typed["idempotency_key"], now=now,
            )  # fmt: skip
    except (RuleBroken, Conflict) as error:
        _write_down(request, kind, key, draft, error)
        add_error(form, error)
        return None
    return HttpResponseRedirect(reverse("approvals:request", args=[reference]))


def _write_down(
    request: PersonRequest, kind: PersonKind, key: str, draft: Draft | None, error: DomainError
) -> None:
    record_refusal(
        actor=request.user, event=kind.permission if draft is None else EDITING,
        target=key if draft is None else f"request:{draft.reference}", error=error,
        now=clock.now(),
    )  # fmt: skip


def _kind(code: str) -> PersonKind:
    kind = kind_of(code)
    if not isinstance(kind, PersonKind):
        raise RequestNotFound()
    return kind


def _row(request: PersonRequest, relation: Relation, row: HelpRow) -> dict[str, object]:
    """Return one row of the list with where its buttons lead; empty where there is no button."""
    number = row.person.number
    may = {act: can(request.user, f"{relation}.{act}.propose") for act in HelpAct}
    seen = row.pending and can(request.user, "approvals.request.view")
    return {
        "shown": row,
        "unlock_url": _url("help_unlock", number) if may[HelpAct.UNLOCK] and row.can_unlock else "",
        "renew_url": _url("help_credentials", number)
        if may[HelpAct.CREDENTIALS] and row.can_renew
        else "",
        "pending_url": reverse("approvals:request", args=[row.pending]) if seen else "",
    }


def _in_the_way(row: HelpRow, kind: PersonKind) -> str:
    if row.pending:
        return _("Request %(reference)s about this person has to be decided first.") % {
            "reference": row.pending
        }
    possible = row.can_unlock if kind.code.endswith(HelpAct.UNLOCK) else row.can_renew
    return "" if possible else _("The state of this person does not allow it.")


def _titles() -> dict[Relation, str]:
    return {
        Relation.PEOPLE: _("People of your company"),
        Relation.CUSTOMERS: _("Security people of your branch's customers"),
        Relation.STAFF: _("People of your branch"),
        Relation.BRANCHES: _("Security people of the branches, and head office"),
    }


def _address(name: str, **query: str) -> str:
    asked = {key: value for key, value in query.items() if value}
    return _url(name) + (f"?{urlencode(asked)}" if asked else "")


def _url(name: str, *args: object) -> str:
    return reverse(f"{settings.SITE}:{name}", args=args)
