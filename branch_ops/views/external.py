"""The PKI officer's pages: outside authorities, examining a certificate, binding it (CERT-11)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from approvals import operations as approvals
from approvals.queries.cases import visible_request
from approvals.queries.proposals import content_of
from approvals.states import EDITABLE
from approvals.views.panels import add_error
from branch_ops.forms.external import BindForm, EditForm, UploadForm
from branch_ops.permissions import ExternalPermission
from branch_ops.queries.external import bound_certificates, find_holder
from branch_ops.render import word
from branch_ops.render.external import CHECKS, KNOWN, day_text, period_text, storage_word
from branch_ops.subjects.external import ExternalKind, content_of_binding, subject_key
from branch_ops.views.refusals import EDITING, write_down
from certificates.errors.external import ExternalReason, external_words
from certificates.formats.external import Outcome, read_upload
from certificates.formats.external_lists import OutsideStatus
from certificates.queries.external import Finding, examine_for, external_authorities
from identity.permissions import PersonRequest, requires
from kernel import clock, ids
from kernel.errors import Conflict, RuleBroken


@requires(ExternalPermission.PROPOSE)
@require_GET
def index(request: PersonRequest) -> HttpResponse:
    """Show the accepted authorities with their lists, and the certificates bound so far."""
    now = clock.now()
    page = {
        "authorities": [
            {
                "name": one.name,
                "code": one.code,
                "policies": [
                    {"oid": oid, "storage": storage_word(name)}
                    for oid, name in sorted(one.policies.items())
                ],
                "issuers": [
                    {
                        "subject": issuer.subject,
                        "entries": issuer.entries,
                        "next_update": issuer.next_update,
                        "tone": "bad" if issuer.is_stale(now) else "good",
                        "state": _("Out of date") if issuer.is_stale(now) else _("Fresh"),
                    }
                    for issuer in one.issuers
                ],
            }
            for one in external_authorities()
        ],
        "bound": [
            {
                "serial_number": row.serial_number,
                "holder_name": row.holder_name,
                "company_name": row.company_name,
                "state": word(row.state, "certificates.certificate.state"),
                "held": row.outside_status == OutsideStatus.ON_HOLD.name,
                "not_after": row.not_after,
            }
            for row in bound_certificates(request.user)
        ],
        "examine_url": reverse("external:examine"),
    }
    return render(request, "branch_ops/external_index.html", {"page": page})


@requires(ExternalPermission.PROPOSE)
@require_http_methods(["GET", "POST"])
def examine(request: PersonRequest) -> HttpResponse:
    """Take an uploaded certificate and show what was read of it, check by check."""
    if request.method == "GET":
        return _upload_page(request, UploadForm())
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _upload_page(request, form, status=422)
    der = form.cleaned_data["certificate"]
    finding = examine_for(der, now=clock.now())
    if finding.refusal is not None:
        form.add_error("certificate", str(external_words(finding.refusal)))
        return _upload_page(request, form, finding=finding, status=422)
    initial = {"idempotency_key": ids.token(), "certificate": base64.b64encode(der).decode()}
    return _bind_page(request, BindForm(initial=initial), finding)


@requires(ExternalPermission.PROPOSE)
@require_http_methods(["POST"])
def propose(request: PersonRequest) -> HttpResponse:
    """Propose that the examined certificate be bound to the chosen holder (DUAL-6)."""
    now = clock.now()
    form = BindForm(request.POST)
    form.is_valid()
    try:
        der = read_upload(base64.b64decode(form.data.get("certificate", ""), validate=True))
        finding = examine_for(der, now=now)
    except (RuleBroken, binascii.Error, ValueError):
        return HttpResponseRedirect(reverse("external:examine"))
    if form.is_valid():
        typed = form.cleaned_data
        holder = find_holder(
            request.user, company_code=typed["company"], login_name=typed["holder"]
        )
        if holder is None:
            form.add_error("holder", _("This company has no such person."))
            return _bind_page(request, form, finding, status=422)
        content = content_of_binding(finding, holder, reason=typed["reason"], now=now)
        try:
            reference = approvals.propose(
                actor=request.user, kind=ExternalKind.code,
                subject_key=subject_key(holder.number), content=content,
                form_key=typed["idempotency_key"], now=now,
            )  # fmt: skip
            return HttpResponseRedirect(reverse("approvals:request", args=[reference]))
        except (RuleBroken, Conflict) as error:
            write_down(request, subject_key(holder.number), error)
            add_error(form, error)
    return _bind_page(request, form, finding, status=422)


@requires(ExternalPermission.PROPOSE)
@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Change the reason of a proposal that is a draft or was returned."""
    now, back = clock.now(), reverse("approvals:request", args=[reference])
    content = content_of(request.user, reference, now=now)
    if visible_request(request.user, reference, now=now).state not in EDITABLE:
        return HttpResponseRedirect(back)
    form = EditForm(initial={"idempotency_key": ids.token(), "reason": content["reason"]})
    if request.method == "POST":
        form = EditForm(request.POST)
        if form.is_valid():
            changed = {**content, "reason": form.cleaned_data["reason"]}
            try:
                approvals.amend(
                    actor=request.user, reference=reference, content=changed,
                    form_key=form.cleaned_data["idempotency_key"], now=now,
                )  # fmt: skip
                return HttpResponseRedirect(back)
            except (RuleBroken, Conflict) as error:
                write_down(request, f"request:{reference}", error, event=EDITING)
                add_error(form, error)
    page = {"reference": reference, "back_url": back, "answers": _answers_of(content)}
    status = 422 if form.errors else 200
    context = {"page": page, "form": form}
    return render(request, "branch_ops/external_edit.html", context, status=status)


def _upload_page(
    request: PersonRequest, form: UploadForm, *, finding: Finding | None = None, status: int = 200
) -> HttpResponse:
    page = {
        "back_url": reverse("external:index"),
        "answers": _answers(finding) if finding is not None else [],
        "checks": _checks(finding) if finding is not None else [],
    }
    context = {"page": page, "form": form}
    return render(request, "branch_ops/external_examine.html", context, status=status)


def _bind_page(
    request: PersonRequest, form: BindForm, finding: Finding, *, status: int = 200
) -> HttpResponse:
    page = {
        "back_url": reverse("external:examine"),
        "propose_url": reverse("external:propose"),
        "answers": _answers(finding),
        "checks": _checks(finding),
    }
    context = {"page": page, "form": form}
    return render(request, "branch_ops/external_bind.html", context, status=status)


def _answers(finding: Finding) -> list[dict[str, Any]]:
    said = finding.examination.certificate
    storage = finding.examination.storage
    return [
        {"label": _("Name in the certificate"), "value": said.subject},
        {"label": _("Outside authority"), "value": finding.authority or "-", "note": said.issuer},
        {"label": _("Serial number"), "value": said.serial_number, "is_number": True},
        {
            "label": _("Valid"),
            "value": period_text(day_text(said.not_before), day_text(said.not_after)),
            "is_number": True,
        },
        {"label": _("Certificate policy"), "value": ", ".join(said.policies) or "-"},
        {"label": _("Key kept in"), "value": storage_word(storage.name if storage else "")},
        {"label": _("Fingerprint (SHA-256)"), "value": said.sha256, "is_number": True},
    ]


def _answers_of(content: dict[str, str]) -> list[dict[str, Any]]:
    lines = ExternalKind().lines(content)
    return [{"label": one.label, "value": one.value, "before": one.before} for one in lines[:-1]]


def _checks(finding: Finding) -> list[dict[str, Any]]:
    """Return every check with its outcome in words, the bank's own last."""
    outcomes = finding.examination.outcomes
    rows = [(CHECKS[one.check], one) for one in outcomes]
    rows.append((KNOWN, Outcome(outcomes[0].check, looked=True, reason=finding.known)))
    return [
        {"label": label, "tone": _tone(one), "state": _word(one), "note": _why(one.reason)}
        for label, one in rows
    ]


def _tone(outcome: Outcome) -> str:
    if not outcome.looked:
        return "neutral"
    return "good" if outcome.reason is None else "bad"


def _word(outcome: Outcome) -> str:
    if not outcome.looked:
        return _("Not looked at")
    return _("Passed") if outcome.reason is None else _("Failed")


def _why(reason: ExternalReason | None) -> str:
    return str(external_words(reason)) if reason is not None else ""
