"""The staff window on requests, what was submitted and decided, and the flows that decide how."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Q, QuerySet

from approvals.models import Decision, Flow, FlowRule, FlowStage, Request, Revision, Stage
from identity.models import User
from identity.queries import visible_companies, visible_units


@admin.register(Request)
class RequestAdmin(admin.ModelAdmin):
    list_display = (
        "reference", "company", "unit", "title", "amount", "currency", "state", "maker", "deadline",
    )  # fmt: skip
    list_filter = ("state", "stage_act", "currency")
    search_fields = ("reference", "title", "company__code", "company__name")
    ordering = ("-id",)
    exclude = ("subject_id", "subject_key")
    related = (
        (Revision, "request", ("number", "submitted_by", "submitted_at", "sha256")),
        (Decision, "revision__request", ("user", "act", "group", "reason", "decided_at")),
    )

    def visible(self, actor: User, rows: QuerySet[Request]) -> QuerySet[Request]:
        """Return the requests of companies and units the reader may see."""
        return rows.filter(_at_visible_home(actor, ""))

    def audit_target(self, row: Request) -> str:
        """Return the name the audit log knows a request by."""
        return f"request:{row.reference}"


@admin.register(Revision)
class RevisionAdmin(admin.ModelAdmin):
    list_display = ("request", "number", "submitted_by", "submitted_at", "sha256")
    search_fields = ("request__reference", "sha256")
    ordering = ("-id",)
    inspected_as = "approvals.request"
    related = (
        (Stage, "revision", ("number", "act", "role", "level", "needed", "groups")),
        (Decision, "revision", ("user", "stage", "act", "group", "reason", "decided_at")),
    )

    def visible(self, actor: User, rows: QuerySet[Revision]) -> QuerySet[Revision]:
        """Return what was submitted of requests the reader may see."""
        return rows.filter(_at_visible_home(actor, "request__"))


@admin.register(Flow)
class FlowAdmin(admin.ModelAdmin):
    list_display = ("code", "name", "company")
    search_fields = ("code", "name", "company__code", "company__name")
    related = (
        (FlowStage, "flow", ("number", "act", "role", "level", "needed", "groups")),
        (FlowRule, "flow", ("kind", "account", "currency", "importance", "minimum", "maximum")),
    )

    def visible(self, actor: User, rows: QuerySet[Flow]) -> QuerySet[Flow]:
        """Return the bank's own flows and those of companies the reader may see."""
        return rows.filter(Q(company__isnull=True) | Q(company__in=visible_companies(actor)))

    def audit_target(self, row: Flow) -> str:
        """Return the name the audit log knows a flow by."""
        return f"flow:{row.owner_code}:{row.code}"


@admin.register(FlowRule)
class FlowRuleAdmin(admin.ModelAdmin):
    list_display = (
        "company", "kind", "account", "currency", "importance", "minimum", "maximum", "flow",
    )  # fmt: skip
    search_fields = ("company__code", "company__name", "flow__name")
    inspected_as = "approvals.flow"

    def visible(self, actor: User, rows: QuerySet[FlowRule]) -> QuerySet[FlowRule]:
        """Return the bank's own rules and those of companies the reader may see."""
        return rows.filter(Q(company__isnull=True) | Q(company__in=visible_companies(actor)))


def _at_visible_home(actor: User, path: str) -> Q:
    of_company = Q(**{f"{path}company__in": visible_companies(actor)})
    return of_company | Q(**{f"{path}unit__in": visible_units(actor)})
