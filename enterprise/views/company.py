"""The company's certificates, for its security pair; the supervisor suspends and revokes alone."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext as _
from django.views.decorators.http import require_GET, require_POST

from approvals.views.panels import add_error, explain
from certificates import operations
from certificates.operations import CertificateAct
from certificates.permissions import Permission
from certificates.states import CERTIFICATE_VERBS, CertificateState
from certificates.views import origin_of
from enterprise import queries
from enterprise.errors import PreviewChanged
from enterprise.forms import ACT_FORMS, CompanyFilterForm, SuspendForm
from enterprise.queries.company import MemberPage
from enterprise.views.panels import SignedForm, signing_with
from identity.operations import record_refusal
from identity.permissions import PersonRequest, can, check_factor, requires, step_up_url
from identity.policies import STRONG_FACTORS
from kernel import clock
from kernel.errors import Busy, Conflict, DomainError, NotFound, RuleBroken
from kernel.machines import sources


@dataclass(frozen=True, slots=True)
class Failure:
    """Carry what stopped an act, back to the page it was tried on."""

    form: SuspendForm
    error: DomainError | None


@requires(Permission.INQUIRE_COMPANY)
@require_GET
def company_certificates(request: PersonRequest) -> HttpResponse:
    """Show the certificates of everyone of the company."""
    form = CompanyFilterForm(request.GET)
    typed = form.cleaned_data if form.is_valid() else {}
    query = {name: typed.get(name, "") for name in ("text", "state")}
    found = queries.company_certificates(
        request.user, cursor=typed.get("after", ""), language=get_language() or "", **query
    )
    page = {
        "form": form,
        "filtered": any(query.values()),
        "clear_url": _list_url(),
        "rows": [
            {
                "shown": row,
                "url": _url("company_certificate", row.serial_number) if row.serial_number else "",
            }
            for row in found.rows
        ],
        "paging": {
            "first_url": _list_url(**query) if typed.get("after") else "",
            "previous_url": "",
            "next_url": (_list_url(**query, after=found.next_cursor) if found.next_cursor else ""),
        },
    }
    return render(request, "enterprise/company_certificates.html", {"page": page})


@requires(Permission.INQUIRE_COMPANY)
@require_GET
def company_certificate(request: PersonRequest, serial: str) -> HttpResponse:
    """Show one certificate, what would stop without it, and what the supervisor may do."""
    return _show(request, serial)


@requires(Permission.INQUIRE_COMPANY)
@require_POST
def prepare_certificate_act(request: PersonRequest, serial: str, act: str) -> JsonResponse:
    """Answer the statement of an act for the supervisor's card to sign (SIGN-1)."""
    check_factor(request.user)
    if act not in set(CertificateAct):
        raise NotFound("certificates.act.unknown", _("There is no such act."))
    now, form = clock.now(), ACT_FORMS[CertificateAct(act)](request.POST)
    form.is_valid()
    try:
        asked = form.asked(serial)
        member = queries.company_certificate(request.user, serial, language="", now=now)
        if member.impact_sha256 != asked.impact_sha256:
            raise PreviewChanged
        shown = operations.prepare_certificate_act(
            actor=request.user,
            asked=asked,
            session_key_sha256=request.session.key_sha256,
            audience=origin_of(request),
            now=now,
        )
    except DomainError as error:
        _write_down(request, serial, act, error)
        return JsonResponse(
            {"ok": False, "code": error.code, "message": explain(error), "field": error.field},
            status=error.status,
        )
    return JsonResponse(
        {
            "ok": True,
            "sign_request": shown.id,
            "statement": base64.b64encode(shown.statement).decode(),
            "certificate_sha256": shown.certificate_sha256,
        }
    )


@requires(Permission.SUSPEND)
@require_POST
def suspend_certificate(request: PersonRequest, serial: str) -> HttpResponse:
    """Suspend a member's certificate at once."""
    return _act(request, serial, CertificateAct.SUSPEND, operations.suspend_signed)


@requires(Permission.REVOKE)
@require_POST
def revoke_certificate(request: PersonRequest, serial: str) -> HttpResponse:
    """Revoke a member's certificate for ever."""
    return _act(request, serial, CertificateAct.REVOKE, operations.revoke_signed)


def _act(
    request: PersonRequest,
    serial: str,
    act: CertificateAct,
    door: Callable[..., CertificateState],
) -> HttpResponse:
    form = ACT_FORMS[act](request.POST, auto_id=f"id_{act}_%s")
    if not form.is_valid():
        return _show(request, serial, Failure(form, None))
    read = form.cleaned_data
    try:
        state = door(
            actor=request.user,
            asked=form.asked(serial),
            signed=operations.SignedAct(
                sign_request_id=read["sign_request"],
                signature=read["signature"],
                signing_time=read["signing_time"],
                session_key_sha256=request.session.key_sha256,
                audience=origin_of(request),
            ),
            form_key=read["idempotency_key"],
            now=clock.now(),
        )
    except (RuleBroken, Conflict, Busy) as error:
        _write_down(request, serial, act, error)
        add_error(form, error)
        return _show(request, serial, Failure(form, error))
    told = {
        CertificateState.SUSPENDED: _(
            "The certificate is suspended and can sign nothing any more. Its holder has been told."
        ),
        CertificateState.REVOKED: _(
            "The certificate is revoked for ever. Its holder has been told."
        ),
    }
    messages.success(request, told.get(state, _("Done")))
    return HttpResponseRedirect(_url("company_certificate", serial))


def _show(request: PersonRequest, serial: str, failure: Failure | None = None) -> HttpResponse:
    now = clock.now()
    member = queries.company_certificate(
        request.user, serial, language=get_language() or "", now=now
    )
    acts = [
        panel
        for act in CertificateAct
        if (panel := _panel(request, member, act, failure)) is not None
    ]
    page = {
        "member": member,
        "row": member.row,
        "acts": acts,
        "asks": any(panel.sign for panel in acts),
        "step_up_url": _step_up_url(request, serial, acts),
        "alert": _alert(failure),
        "list_url": _list_url(),
    }
    status = 200
    if failure is not None:
        status = failure.error.status if failure.error else HTTPStatus.UNPROCESSABLE_ENTITY
    # Acts have addresses of their own, which cannot be opened: choosing a language leads here.
    here = _url("company_certificate", serial)
    return render(
        request, "enterprise/company_certificate.html", {"page": page, "here": here}, status=status
    )


def _step_up_url(request: PersonRequest, serial: str, acts: list[SignedForm]) -> str:
    """Return where the card is to be shown before any of the acts, or empty text (AUTH-5)."""
    if request.user.factor in STRONG_FACTORS or not any(panel.sign for panel in acts):
        return ""
    return step_up_url(_url("company_certificate", serial))


def _panel(
    request: PersonRequest, member: MemberPage, act: CertificateAct, failure: Failure | None
) -> SignedForm | None:
    """Return one act's form, or why it cannot be done; None to people who never may."""
    user, row = request.user, member.row
    permission = {
        CertificateAct.SUSPEND: Permission.SUSPEND,
        CertificateAct.REVOKE: Permission.REVOKE,
    }
    if not can(user, permission[act]):
        return None
    labels = {
        CertificateAct.SUSPEND: _("Suspend at once"),
        CertificateAct.REVOKE: _("Revoke for ever"),
    }
    url = _url(f"{act}_certificate", row.serial_number)
    why_not, sign = _why_not(member, act), None
    lines = operations.act_lines(act, row.serial_number, member.holder_name, member.suspensions)
    if not why_not:
        sign, why_not = signing_with(
            request,
            function=f"certificates.certificate.{act}",
            prepare_url=_url("prepare_certificate_act", row.serial_number, str(act)),
            lines=lines,
            now=clock.now(),
        )
    failed = failure.form if failure is not None and failure.form.act == act else None
    blank = ACT_FORMS[act](auto_id=f"id_{act}_%s", initial={"impact": member.impact_sha256})
    return SignedForm(
        verb=str(act), label=labels[act], url=url, form=failed or blank, sign=sign,
        why_not=why_not, explain=lines[-1][1],
        tone="bad" if act == CertificateAct.REVOKE else "",
    )  # fmt: skip


def _why_not(member: MemberPage, act: CertificateAct) -> str:
    if member.is_own:
        return _("This is your own certificate. If its card is lost, report it as lost.")
    if member.row.state not in sources(CERTIFICATE_VERBS, str(act)):
        return _("Not possible in this state: %(state)s.") % {"state": member.row.state_label}
    return ""


def _alert(failure: Failure | None) -> str:
    """Return what stopped an act, unless a field of its form says it."""
    if failure is None:
        return ""
    if failure.error is not None:
        return "" if failure.error.field else explain(failure.error)
    if any(name in failure.form.errors for name in ("reason", "cause")):
        return ""
    return _("The page did not send everything. Open it again and repeat what you did.")


def _write_down(request: PersonRequest, serial: str, act: str, error: DomainError) -> None:
    record_refusal(
        actor=request.user, event=f"certificates.certificate.{act}",
        target=f"certificate:{serial[:40]}", error=error, now=clock.now(),
    )  # fmt: skip


def _url(name: str, *parts: str) -> str:
    return reverse(f"enterprise:{name}", args=parts)


def _list_url(**query: str) -> str:
    typed = urlencode({name: value for name, value in query.items() if value})
    return _url("company_certificates") + (f"?{typed}" if typed else "")
