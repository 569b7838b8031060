"""Report the own card as lost: a sign-in by password is enough (CERT-10, AUTH-5)."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from approvals.views.panels import add_error, explain
from certificates import operations, queries as certificates
from certificates.permissions import Permission
from enterprise import queries
from enterprise.forms import LostForm
from identity.operations import record_refusal
from identity.permissions import PersonRequest, requires
from identity.queries import counter_of
from identity.views import let_out
from kernel import clock, ids
from kernel.errors import Busy, Conflict, DomainError, RuleBroken


@requires(Permission.REPORT_LOST)
@require_http_methods(["GET", "POST"])
def report_lost(request: PersonRequest) -> HttpResponse:
    """Say what follows, or put the own certificate on hold at once and sign out."""
    if request.method == "GET":
        return _page(request, LostForm())
    form = LostForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    reason = " ".join(form.cleaned_data["reason"].split())
    try:
        operations.report_lost(actor=request.user, reason=reason, now=clock.now())
    except (RuleBroken, Conflict, Busy) as error:
        record_refusal(
            actor=request.user, event=str(Permission.REPORT_LOST),
            target=f"user:{request.user.public_id}", error=error, now=clock.now(),
        )  # fmt: skip
        add_error(form, error)
        return _page(request, form, error=error, status=error.status)
    let_out(request)
    return HttpResponseRedirect(reverse("enterprise:sign_in") + "?ended=lost")


def _page(
    request: PersonRequest, form: LostForm, *, error: DomainError | None = None, status: int = 200
) -> HttpResponse:
    found = certificates.signing_certificate(request.user.pk)
    page = {
        "form": form,
        "held": found is not None,
        "outside": found is not None and bool(found.outside_status),
        "active": found is not None and found.state == "ACTIVE",
        "last": found is not None and queries.is_last_suspension(found),
        "used": queries.suspensions_used(found.suspensions) if found is not None else "",
        "counter": counter_of(request.user),
        "idempotency_key": ids.token(),
        "url": reverse("enterprise:report_lost"),
        "list_url": reverse("enterprise:certificates"),
        "list_name": _("My certificates"),
        "alert": explain(error) if error is not None and not error.field else "",
    }
    return render(request, "enterprise/report_lost.html", {"page": page}, status=status)
