"""Propose what a checker releases: an application, and the changes to one certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _, gettext_lazy
from django.views.decorators.http import require_http_methods

from approvals import operations as approvals
from approvals.permissions import Permission as Approve
from approvals.queries.impact import impact_of
from approvals.queries.proposals import kind_and_content, open_request_on
from approvals.views.panels import add_error
from branch_ops.errors import HolderElsewhere
from branch_ops.forms.counter import (
    ApplicationForm,
    ReasonForm,
    ReprintForm,
    RevocationForm,
    ScopeFields,
    ScopeForm,
    typed_scope,
)
from branch_ops.queries.certificate import (
    CertificateDetail,
    HolderFacts,
    certificate_detail,
    holder_facts,
)
from branch_ops.queries.counter import application_target, cards_in_stock
from branch_ops.queries.jobs import PERMISSIONS, Job, state_refusal
from branch_ops.subjects.applications import application_content
from branch_ops.subjects.certificates import certificate_content, scope_of
from branch_ops.subjects.scopes import read_scope
from branch_ops.views.counter_panels import Item, certificate_items, scope_items
from branch_ops.views.refusals import EDITING, write_down
from certificates import gateways
from certificates.formats.profiles import KeyStorage
from identity.permissions import PersonRequest, requires
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken

Content = Callable[[CertificateDetail, forms.Form], dict[str, str]]


@dataclass(frozen=True, slots=True)
class Proposed:
    """Describe the page on which one kind of change is proposed."""

    kind: str
    title: Promise
    form: type[ReasonForm]
    notes: tuple[Promise, ...]
    shows_impact: bool = False
    tone: str = ""


JOBS: Mapping[Job, Proposed] = {
    Job.WITHDRAWAL: Proposed(
        "certificates.withdrawal", gettext_lazy("Withdraw an application"), ReasonForm,
        (gettext_lazy("After the release the letter can no longer be used."),),
    ),
    Job.SCOPE: Proposed(
        "certificates.scope", gettext_lazy("Set the usage scope"), ScopeForm,
        (
            gettext_lazy("What is signed outside the scope is refused."),
            gettext_lazy("It counts from the next signature after the release."),
        ),
    ),
    Job.UNSUSPENSION: Proposed(
        "certificates.unsuspension", gettext_lazy("Lift a suspension"), ReasonForm,
        (
            gettext_lazy("After the release a new letter is printed for the holder."),
            gettext_lazy("The suspension stays until the holder uses letter and card."),
        ),
    ),
    Job.REVOCATION: Proposed(
        "certificates.revocation", gettext_lazy("Revoke a certificate"), RevocationForm,
        (
            gettext_lazy("A revoked certificate never comes back into force."),
            gettext_lazy("Is it urgent? Suspend it now and revoke it afterwards."),
        ),
        shows_impact=True, tone="bad",
    ),
    Job.REPRINT: Proposed(
        "certificates.reprint", gettext_lazy("Reprint a letter"), ReprintForm,
        (
            gettext_lazy("After the release the old letter is dead; the new one has a new secret."),
            gettext_lazy("Somebody who did not ask for it prints it."),
        ),
    ),
}  # fmt: skip


def _proposing(job: Job) -> Callable[..., HttpResponse]:
    """Return the view on which one kind of change to a certificate is proposed."""

    @requires(PERMISSIONS[job])
    @require_http_methods(["GET", "POST"])
    def propose(request: PersonRequest, certificate_id: int) -> HttpResponse:
        found = certificate_detail(request.user, certificate_id)
        return _change_page(request, job, found)

    propose.__name__ = propose.__qualname__ = str(job)
    propose.__doc__ = f"Propose: {job}."
    return propose


withdrawal = _proposing(Job.WITHDRAWAL)
scope = _proposing(Job.SCOPE)
unsuspension = _proposing(Job.UNSUSPENSION)
revocation = _proposing(Job.REVOCATION)
reprint = _proposing(Job.REPRINT)


@requires(PERMISSIONS[Job.APPLICATION])
@require_http_methods(["GET", "POST"])
def application(request: PersonRequest, holder: str) -> HttpResponse:
    """Apply for a certificate of a customer's person (CERT-1)."""
    return _application_page(request, holder_facts(request.user, holder))


@requires(Approve.SUBMIT)
@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Change a draft or a request that came back for repair."""
    kind, content = kind_and_content(request.user, reference, now=clock.now())
    draft = Draft(reference, content)
    if kind == "certificates.application":
        return _application_page(request, holder_facts(request.user, content["holder"]), draft)
    for job, proposed in JOBS.items():
        if proposed.kind == kind:
            found = certificate_detail(request.user, int(content["certificate"]))
            return _change_page(request, job, found, draft)
    raise HolderElsewhere


@dataclass(frozen=True, slots=True)
class Draft:
    """Carry the request that is edited."""

    reference: str
    content: Mapping[str, str]


def _change_page(
    request: PersonRequest, job: Job, found: CertificateDetail, draft: Draft | None = None
) -> HttpResponse:
    proposed, now = JOBS[job], clock.now()
    form = proposed.form(request.POST or None, initial=_initial(found, draft))
    if request.method == "POST" and form.is_valid():
        content = _content(found, form)
        sent = _send(request, form, proposed.kind, found.target, content, draft, now)
        if sent is not None:
            return sent
    page = {
        "title": proposed.title,
        "items": [*certificate_items(found), *(scope_items(found) if job == Job.SCOPE else [])],
        "why_not": "" if draft else _in_the_way(job, found),
        "impact": impact_of(found.holder.id, now=now) if proposed.shows_impact else None,
        "notes": proposed.notes,
        "tone": proposed.tone,
        **_ways(reverse("counter:certificate", args=[found.id]), draft),
    }
    return _show(request, form, page)


def _application_page(
    request: PersonRequest, holder: HolderFacts, draft: Draft | None = None
) -> HttpResponse:
    now = clock.now()
    kept = [name for name in _STORAGES if name in gateways.allowed_storages()]
    initial: dict[str, object] = {
        "idempotency_key": ids.token(),
        "storage": kept[0] if kept else "",
    }
    if draft is not None:
        names = ("storage", "card_serial")
        initial |= {name: draft.content[name] for name in names}
        initial |= typed_scope(read_scope(draft.content))
    form = ApplicationForm(
        request.POST or None, storages=kept, cards=cards_in_stock(holder.branch_id), initial=initial
    )
    if request.method == "POST" and form.is_valid():
        try:
            content = application_content(
                holder, storage=form.cleaned_data["storage"],
                card_serial=form.cleaned_data["card_serial"], scope=form.scope(), now=now,
            )  # fmt: skip
        except RuleBroken as error:
            write_down(request, application_target(holder.number), error)
            add_error(form, error)
        else:
            target = application_target(holder.number)
            kind = "certificates.application"
            sent = _send(request, form, kind, target, content, draft, now)
            if sent is not None:
                return sent
    page = {
        "title": _("Apply for a certificate"),
        "items": _holder_items(holder),
        "why_not": "" if draft else _holder_in_the_way(holder),
        "impact": None,
        "notes": [
            _("A checker releases the application; then the fee falls due."),
            _("When the fee is settled, somebody who did not apply prints the letter, once."),
            _("A certificate in force stays so until the new one is confirmed."),
        ],
        "tone": "",
        **_ways(reverse("counter:certificates"), draft),
    }
    return _show(request, form, page)


def _send(
    request: PersonRequest,
    form: forms.Form,
    kind: str,
    target: str,
    content: dict[str, str],
    draft: Draft | None,
    now: datetime,
) -> HttpResponse | None:
    """Propose or amend and lead on; None where it was refused, which the form then says."""
    key = form.cleaned_data["idempotency_key"]
    try:
        if draft is None:
            reference = approvals.propose(
                actor=request.user, kind=kind, subject_key=target, content=content,
                form_key=key, now=now,
            )  # fmt: skip
        else:
            reference = approvals.amend(
                actor=request.user, reference=draft.reference, content=content, form_key=key,
                now=now,
            )  # fmt: skip
    except (RuleBroken, Conflict) as error:
        if draft is None:
            write_down(request, target, error)
        else:
            write_down(request, f"request:{draft.reference}", error, event=EDITING)
        add_error(form, error)
        return None
    return HttpResponseRedirect(reverse("approvals:request", args=[reference]))


def _content(found: CertificateDetail, form: forms.Form) -> dict[str, str]:
    content = certificate_content(found, reason=form.cleaned_data["reason"])
    if "cause" in form.cleaned_data:
        content["cause"] = form.cleaned_data["cause"]
    if isinstance(form, ScopeFields):
        content |= form.scope().as_text() | scope_of(found).as_text("was_")
    return content


def _initial(found: CertificateDetail, draft: Draft | None) -> dict[str, object]:
    initial: dict[str, object] = {"idempotency_key": ids.token(), **typed_scope(scope_of(found))}
    if draft is None:
        return initial
    content = draft.content
    initial |= {name: content[name] for name in ("reason", "cause") if name in content}
    return initial | (typed_scope(read_scope(content)) if "functions" in content else {})


def _in_the_way(job: Job, found: CertificateDetail) -> str:
    if found.pending:
        return _("Request %(reference)s on this certificate has to be decided first.") % {
            "reference": found.pending
        }
    return state_refusal(job, found)


def _holder_in_the_way(holder: HolderFacts) -> str:
    pending = open_request_on(application_target(holder.number))
    if pending:
        return _("Application %(reference)s of this person has to be decided first.") % {
            "reference": pending
        }
    if holder.waiting_id:
        return _("An application of this person is under way already.")
    return "" if holder.in_force else _("The person or the company is not in force.")


def _holder_items(holder: HolderFacts) -> list[Item]:
    return [
        Item(_("Holder"), f"{holder.name} ({holder.number})"),
        Item(_("Company"), f"{holder.company_name} ({holder.company_code})"),
        Item(_("Branch"), holder.branch),
    ]


def _ways(back_url: str, draft: Draft | None) -> dict[str, str]:
    own = reverse("approvals:request", args=[draft.reference]) if draft else back_url
    return {"back_url": back_url, "cancel_url": own, "submit_label": _("Go on to check")}


def _show(request: PersonRequest, form: forms.Form, page: Mapping[str, object]) -> HttpResponse:
    status = 422 if form.is_bound else 200
    return render(
        request, "branch_ops/counter/form.html", {"page": page, "form": form}, status=status
    )


_STORAGES = (KeyStorage.HARDWARE.name, KeyStorage.BROWSER.name)
