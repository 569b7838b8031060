"""Lift the suspension of one's own certificate with the branch's letter and the card (CERT-4)."""

from __future__ import annotations

import base64
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from approvals.views.panels import add_error, explain
from certificates import operations, queries as certificates
from certificates.errors import LetterRefused, SigningReason, SigningRefused
from certificates.operations import ActivateOutcome
from certificates.permissions import Permission
from certificates.states import CertificateState
from certificates.views import origin_of
from enterprise import queries
from enterprise.forms import LiftForm
from enterprise.views.panels import signing_by
from identity.operations import record_refusal
from identity.permissions import PersonRequest, requires
from kernel import clock
from kernel.errors import Busy, Conflict, DomainError, RuleBroken


@requires(Permission.ENROL)
@sensitive_post_parameters("secret")
@require_http_methods(["GET", "POST"])
def activate_certificate(request: PersonRequest) -> HttpResponse:
    """Show how a suspension is lifted, or lift it."""
    if request.method == "GET":
        return _page(request, LiftForm())
    form = LiftForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    read = form.cleaned_data
    try:
        result = operations.activate(
            actor=request.user,
            session_key_sha256=request.session.key_sha256,
            audience=origin_of(request),
            letter_number=read["letter_number"],
            secret=read["secret"],
            sign_request_id=read["sign_request"],
            signature_der=read["signature"],
            signing_time=read["signing_time"],
            now=clock.now(),
        )
        if result.outcome == ActivateOutcome.LETTER_REFUSED:
            raise LetterRefused
    except (RuleBroken, Conflict, Busy) as error:
        _write_down(request, error)
        add_error(form, error)
        return _page(request, form, error=error, status=error.status)
    messages.success(request, _("The suspension is lifted. You can sign again."))
    return HttpResponseRedirect(reverse("enterprise:certificates"))


@requires(Permission.ENROL)
@sensitive_post_parameters("secret")
@require_POST
def prepare_activation(request: PersonRequest) -> JsonResponse:
    """Answer what the card of the suspended certificate has to sign."""
    try:
        shown = operations.prepare_activation(
            actor=request.user,
            session_key_sha256=request.session.key_sha256,
            audience=origin_of(request),
            now=clock.now(),
        )
        if shown is None:
            raise SigningRefused(SigningReason.NO_CERTIFICATE)
    except DomainError as error:
        _write_down(request, error)
        body = {"ok": False, "code": error.code, "message": explain(error), "field": error.field}
        return JsonResponse(body, status=error.status)
    return JsonResponse(
        {
            "ok": True,
            "sign_request": shown.id,
            "statement": base64.b64encode(shown.statement).decode(),
            "certificate_sha256": shown.certificate_sha256,
        }
    )


def _page(
    request: PersonRequest, form: LiftForm, *, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    found = certificates.signing_certificate(request.user.pk)
    waits = found is not None and found.state == CertificateState.UNSUSPENDING
    sign = None
    if found is not None and waits:
        sign = signing_by(
            found,
            prepare_url=reverse("enterprise:prepare_activation"),
            lines=[
                (_("Act"), _("Lift the suspension of my certificate")),
                (_("Serial number"), found.serial_number),
            ],
        )
    rows = queries.certificate_rows(request.user, now=clock.now())
    page = {
        "form": form,
        "sign": sign,
        "url": reverse("enterprise:activate_certificate"),
        "row": next((row for row in rows if row.current), None),
        "list_url": reverse("enterprise:certificates"),
        "alert": _alert(form, error),
    }
    return render(request, "enterprise/activate_certificate.html", {"page": page}, status=status)


def _alert(form: LiftForm, error: DomainError | None) -> str:
    """Return what stopped it, unless a field of the form says it."""
    if error is not None:
        return "" if error.field in form.fields else explain(error)
    hidden = [name for name in form.errors if name not in ("letter_number", "secret")]
    return _("The card has not signed. Enter your PIN and try again.") if hidden else ""


def _write_down(request: PersonRequest, error: DomainError) -> None:
    record_refusal(
        actor=request.user, event="certificates.certificate.activate",
        target=f"user:{request.user.public_id}", error=error, now=clock.now(),
    )  # fmt: skip
