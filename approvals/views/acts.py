"""Act: submit, decide, withdraw, delete. One operation each; what stops it is shown in place."""

from __future__ import annotations

import base64
from collections.abc import Callable
from http import HTTPStatus

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from approvals import operations
from approvals.errors import NotForYou
from approvals.forms import ActForm, DecisionForm, ReasonForm, ReleaseForm
from approvals.permissions import Permission
from approvals.policies.resolver import Reason
from approvals.queries.cases import visible_request
from approvals.queries.words import REASONS
from approvals.states import DECISIONS, Act
from approvals.views.pages import show_request
from approvals.views.panels import Failure, add_error, explain
from certificates.views import origin_of
from identity.errors import CodeGone, CodeRefused
from identity.operations import CodeOutcome, record_refusal
from identity.permissions import PersonRequest, check_factor, requires
from identity.queries import company_rules
from kernel import clock
from kernel.errors import Busy, Conflict, DomainError, NotAllowed, NotFound, RuleBroken


@requires(Permission.VIEW)
@require_POST
def prepare(request: PersonRequest, reference: str, act: str) -> JsonResponse:
    """Answer the statement of a decision for the card to sign (SIGN-1)."""
    check_factor(request.user)
    if act not in DECISIONS:
        raise NotFound("approvals.act.unknown", _("There is no such act."))
    try:
        shown = operations.prepare_decision(
            actor=request.user,
            reference=reference,
            act=Act(act),
            revision=_shown_revision(request),
            reason=request.POST.get("reason", "")[:200],
            session_key_sha256=request.session.key_sha256,
            audience=origin_of(request),
            now=clock.now(),
        )
    except DomainError as refusal:
        error = _as_seen(request, reference, refusal)
        _write_down(request, reference, Act(act), error)
        return JsonResponse(
            {"ok": False, "code": error.code, "message": _told(error), "field": error.field},
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


@requires(Permission.SUBMIT)
@require_POST
def submit(request: PersonRequest, reference: str) -> HttpResponse:
    """Submit a draft or repaired request; with the card where the company asks for it (AUTH-5)."""
    if company_rules(request.user.company_pk).submit_with_card:
        check_factor(request.user)
    return _plain_act(request, reference, Act.SUBMIT, operations.submit)


@requires(Permission.WITHDRAW)
@require_POST
def withdraw(request: PersonRequest, reference: str) -> HttpResponse:
    """Take back a pending or returned request."""
    return _plain_act(request, reference, Act.WITHDRAW, operations.withdraw)


@requires(Permission.SUBMIT)
@require_POST
def delete(request: PersonRequest, reference: str) -> HttpResponse:
    """Drop a draft."""
    here = reverse("approvals:inbox") + "?tab=mine"
    response = _plain_act(request, reference, Act.DELETE, operations.delete, then=here)
    if response.status_code == HTTPStatus.FOUND:
        told = _("Draft %(reference)s has been deleted.") % {"reference": reference}
        messages.success(request, told)
    return response


@requires(Permission.REVIEW)
@require_POST
def review(request: PersonRequest, reference: str) -> HttpResponse:
    """Agree at a reviewing stage."""
    return _signed_act(request, reference, Act.REVIEW, DecisionForm, operations.review)


@requires(Permission.RELEASE)
@require_POST
def release(request: PersonRequest, reference: str) -> HttpResponse:
    """Agree at the releasing stage."""
    return _signed_act(request, reference, Act.RELEASE, ReleaseForm, operations.release)


@requires(Permission.RELEASE)
@require_POST
def send_code(request: PersonRequest, reference: str) -> HttpResponse:
    """Send the releaser the verification code of exactly this transaction (AUTH-7)."""
    form = ReleaseForm(auto_id=f"id_{Act.RELEASE}_%s", data={})
    try:
        sent = operations.send_release_code(
            actor=request.user, reference=reference, revision=_shown_revision(request),
            now=clock.now(),
        )  # fmt: skip
    except NotAllowed as error:
        raise _as_seen(request, reference, error) from None
    except (RuleBroken, Conflict, Busy) as error:
        form.errors.clear()
        return _refused(request, reference, Act.RELEASE, form, error)
    told = _("The code was sent to %(address)s.") % {"address": sent.address_masked}
    messages.success(request, told)
    return HttpResponseRedirect(reverse("approvals:request", args=[reference]) + "#act")


@requires(Permission.RETURN)
@require_POST
def return_(request: PersonRequest, reference: str) -> HttpResponse:
    """Give a request back for repair."""
    return _signed_act(request, reference, Act.RETURN, ReasonForm, operations.return_)


@requires(Permission.REJECT)
@require_POST
def reject(request: PersonRequest, reference: str) -> HttpResponse:
    """Refuse a request for good."""
    return _signed_act(request, reference, Act.REJECT, ReasonForm, operations.reject)


def _shown_revision(request: PersonRequest) -> int:
    """Return the revision the page carries; 0, which no request has, where it carries none."""
    text = request.POST.get("revision", "")[:6]
    return int(text) if text.isascii() and text.isdecimal() else 0


def _told(error: DomainError) -> str:
    """Return what went wrong; to people who may not act, every reason."""
    if not isinstance(error, NotForYou):
        return explain(error)
    return " ".join([explain(error), *(str(REASONS[Reason(one)]) for one in error.reasons)])


def _plain_act(
    request: PersonRequest,
    reference: str,
    act: Act,
    operation: Callable[..., str],
    *,
    then: str = "",
) -> HttpResponse:
    form = ActForm(request.POST)
    if not form.is_valid():
        return show_request(request, reference, now=clock.now(), failure=Failure(act, None, form))
    now = clock.now()
    try:
        operation(
            actor=request.user, reference=reference,
            form_key=form.cleaned_data["idempotency_key"], now=now,
        )  # fmt: skip
    except NotAllowed as error:
        raise _as_seen(request, reference, error) from None
    except (RuleBroken, Conflict, Busy) as error:
        return _refused(request, reference, act, form, error)
    return HttpResponseRedirect(then or reverse("approvals:confirm", args=[reference]))


def _signed_act(
    request: PersonRequest,
    reference: str,
    act: Act,
    form_class: type[DecisionForm],
    operation: Callable[..., str],
) -> HttpResponse:
    form = form_class(request.POST, auto_id=f"id_{act}_%s")
    if not form.is_valid():
        return show_request(request, reference, now=clock.now(), failure=Failure(act, None, form))
    data, now = form.cleaned_data, clock.now()
    reason = {"reason": data["reason"]} if "reason" in data else {}
    try:
        if data.get("code"):
            _take_code(request, reference, data["code"])
        operation(
            actor=request.user,
            reference=reference,
            signed=operations.Signed(
                sign_request_id=data["sign_request"],
                signature=data["signature"],
                signing_time=data["signing_time"],
                session_key_sha256=request.session.key_sha256,
                audience=origin_of(request),
            ),
            form_key=data["idempotency_key"],
            now=now,
            **reason,
        )
    except NotAllowed as error:
        raise _as_seen(request, reference, error) from None
    except (RuleBroken, Conflict, Busy) as error:
        return _refused(request, reference, act, form, error)
    return HttpResponseRedirect(reverse("approvals:confirm", args=[reference]))


def _take_code(request: PersonRequest, reference: str, typed: str) -> None:
    """Take back a typed code before the release it is for; wrong ones stay counted."""
    outcome = operations.confirm_release_code(
        actor=request.user, reference=reference, typed=typed, now=clock.now()
    )
    if outcome != CodeOutcome.RIGHT:
        raise CodeRefused if outcome == CodeOutcome.WRONG else CodeGone


def _refused(
    request: PersonRequest, reference: str, act: Act, form: forms.Form, error: DomainError
) -> HttpResponse:
    """Show the page as it is now with what stopped the act, and write the refusal down."""
    _write_down(request, reference, act, error)
    add_error(form, error)
    return show_request(request, reference, now=clock.now(), failure=Failure(act, error, form))


def _write_down(request: PersonRequest, reference: str, act: Act, error: DomainError) -> None:
    record_refusal(
        actor=request.user, event=f"approvals.request.{act}", target=f"request:{reference}",
        error=error, now=clock.now(),
    )  # fmt: skip


def _as_seen(request: PersonRequest, reference: str, error: DomainError) -> DomainError:
    """Return the error, or for people who may not see the request that there is none."""
    try:
        visible_request(request.user, reference, now=clock.now())
    except NotFound as unseen:
        return unseen
    return error
